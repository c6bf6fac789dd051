import { expect, test } from 'vitest';
import { Editor } from '../../src/core/editor.ts';
import { addNewNode } from '../../src/core/edits/nodes.ts';
import { connect, disconnectInput } from '../../src/core/edits/links.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import { readDocument } from '../../src/core/formats/read.ts';
import { toDocument } from '../../src/core/formats/write.ts';
import { layoutOf } from '../../src/core/geometry.ts';
import type { GraphNode } from '../../src/core/graph.ts';
import { readSpecs } from '../../src/core/specs-read.ts';
import type { NodeSpec } from '../../src/core/specs.ts';
import { Store } from '../../src/core/store.ts';
import { specOf } from '../../src/core/subgraphs/spec.ts';
import { problemsOf } from './edits/invariants.ts';

const CROP = ['COMBO', { default: 'center', options: ['disabled', 'center'] }];
const SIZE = ['INT', { default: 512, min: 0, max: 16384 }];
const GROWN = { input: { required: { value: ['IMAGE', {}] } }, names: ['a', 'b', 'c'], min: 1 };
const SPECS = readSpecs({
  Load: { input: {}, output: ['IMAGE'], output_name: ['IMAGE'] },
  Resize: {
    input: {
      required: {
        input: ['IMAGE', {}],
        how: [
          'COMFY_DYNAMICCOMBO_V3',
          {
            options: [
              { key: 'size', inputs: { required: { width: SIZE, height: SIZE, crop: CROP } } },
              { key: 'match', inputs: { required: { image: ['IMAGE', {}], crop: CROP } } },
              {
                key: 'several',
                inputs: { required: { images: ['COMFY_AUTOGROW_V3', { template: GROWN }] } },
              },
              { key: 'none', inputs: { required: {} } },
            ],
          },
        ],
        method: ['COMBO', { options: ['area', 'nearest'] }],
      },
    },
    output: ['IMAGE'],
    output_name: ['IMAGE'],
  },
});

function opened(): Editor {
  const editor = new Editor(new Store(SPECS));
  editor.do('add', (workflow) => addNewNode(workflow, [], SPECS.get('Load') as NodeSpec, [0, 0]));
  editor.do('add', (workflow) => addNewNode(workflow, [], SPECS.get('Resize') as NodeSpec, [300, 0]));
  return editor;
}

function choose(editor: Editor, how: string): GraphNode {
  editor.do('choose', (workflow) => setWidget(workflow, [], '2', 'how', how));
  expect(problemsOf(editor.workflow)).toEqual([]);
  return nodeOf(editor);
}

const nodeOf = (editor: Editor): GraphNode => editor.graph.nodes.get('2')!;
const namesOf = (node: GraphNode): string[] => node.inputs.map(({ name }) => name);

test('a new node has the inputs that its first choice opens', () => {
  const node = nodeOf(opened());
  expect(namesOf(node)).toEqual(['input', 'how', 'how.width', 'how.height', 'how.crop', 'method']);
  expect(node.widgets).toMatchObject({ how: 'size', 'how.width': 512, 'how.crop': 'center', method: 'area' });
  const layout = layoutOf(node, specOf(node, opened().workflow, SPECS));
  expect(layout.widgets.map(({ name }) => name)).toEqual([
    'how',
    'how.width',
    'how.height',
    'how.crop',
    'method',
  ]);
});

test('another choice opens other sockets and widgets; what both have stays, and undo brings all back', () => {
  const editor = opened();
  editor.do('crop', (workflow) => setWidget(workflow, [], '2', 'how.crop', 'disabled'));
  const before = editor.workflow;
  const node = choose(editor, 'match');
  expect(namesOf(node)).toEqual(['input', 'how', 'how.crop', 'how.image', 'method']);
  expect(node.widgets['how.crop']).toBe('disabled');
  expect(namesOf(choose(editor, 'none'))).toEqual(['input', 'how', 'method']);
  editor.history.undo();
  editor.history.undo();
  expect(editor.workflow).toBe(before);
});

test('links to sockets that close are cut, others stay', () => {
  const editor = opened();
  choose(editor, 'match');
  for (const slot of ['input', 'how.image'])
    editor.do('link', (workflow) =>
      connect(
        workflow,
        [],
        { node: '1', slot: 0 },
        { node: '2', slot: namesOf(nodeOf(editor)).indexOf(slot) },
      ),
    );
  expect(editor.graph.links.size).toBe(2);
  choose(editor, 'size');
  expect([...editor.graph.links.values()].map(({ to }) => to)).toEqual([{ node: '2', slot: 0 }]);
});

test('sockets that grow by a list of names grow inside a choice too', () => {
  const editor = opened();
  choose(editor, 'several');
  const grown = (): string[] => namesOf(nodeOf(editor)).filter((name) => name.startsWith('how.images.'));
  const at = (name: string): number => namesOf(nodeOf(editor)).indexOf(name);
  const link = (name: string): void =>
    editor.do('link', (w) => connect(w, [], { node: '1', slot: 0 }, { node: '2', slot: at(name) }));
  expect(grown()).toEqual(['how.images.a', 'how.images.b']);
  link('how.images.a');
  expect(grown()).toEqual(['how.images.a', 'how.images.b']);
  link('how.images.b');
  expect(grown()).toEqual(['how.images.a', 'how.images.b', 'how.images.c']);
  editor.do('cut', (w) => disconnectInput(w, [], { node: '2', slot: at('how.images.b') }));
  expect(grown()).toEqual(['how.images.a', 'how.images.b']);
  choose(editor, 'size');
  expect(grown()).toEqual([]);
});

test('what is chosen is saved in order and opened again', () => {
  const editor = opened();
  choose(editor, 'match');
  const document = JSON.parse(JSON.stringify(toDocument(editor.workflow, SPECS)));
  expect(document.nodes[1].widgets_values).toEqual(['match', 'center', 'area']);
  const node = readDocument(document, SPECS).root.nodes.get('2')!;
  expect(namesOf(node)).toEqual(namesOf(nodeOf(editor)));
  expect(node.widgets).toEqual({ how: 'match', 'how.crop': 'center', method: 'area' });
});
