/** Widgets that a type keeps for old files only. */

import { expect, test } from 'vitest';
import { newNode } from '../../src/core/edits/new-node.ts';
import { addNode } from '../../src/core/edits/nodes.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import { readDocument } from '../../src/core/formats/read.ts';
import { toDocument } from '../../src/core/formats/write.ts';
import { layoutOf } from '../../src/core/geometry.ts';
import { EMPTY_WORKFLOW, type Json, type JsonObject } from '../../src/core/graph.ts';
import { openedSpec } from '../../src/core/opened.ts';
import { takesLink } from '../../src/core/search.ts';
import { readSpecs } from '../../src/core/specs-read.ts';
import { TestCanvas } from '../view/canvas.ts';

const QUALITY = { key: 'h264', inputs: { required: { crf: ['INT', { default: 23 }] } } };
const CODEC = ['COMFY_DYNAMICCOMBO_V3', { hidden: true, options: [{ key: 'auto', inputs: {} }, QUALITY] }];
const NAME = ['STRING', { default: 'x' }];
const SPECS = readSpecs({
  Save: { input: { required: { video: ['VIDEO'], name: NAME }, optional: { codec: CODEC, last: NAME } } },
  Plain: { input: { required: { video: ['VIDEO'], name: NAME }, optional: { last: NAME } } },
  Words: { output: ['COMBO'] },
  Film: { output: ['VIDEO'] },
});
const SAVE = SPECS.get('Save')!;
const SLOT = { name: 'codec', type: 'COMBO', widget: { name: 'codec' }, link: null };

/** A file with Save, whose third input stands for the hidden widget, and Words beside it. */
function file(values: readonly Json[], link: number | null): JsonObject {
  const video = { name: 'video', type: 'VIDEO', link: null };
  const words = { name: 'COMBO', type: 'COMBO', links: link === null ? [] : [link] };
  const places = { pos: [0, 0], size: [200, 80] };
  return {
    last_node_id: 3,
    last_link_id: 1,
    nodes: [
      { id: 1, type: 'Save', ...places, inputs: [video, { ...SLOT, link }], widgets_values: values },
      { id: 2, type: 'Words', ...places, pos: [-400, 0], inputs: [], outputs: [words] },
    ],
    links: link === null ? [] : [[link, 2, 0, 1, 1, 'COMBO']],
    groups: [],
    version: 0.4,
  };
}

test('they take no room and have no socket', () => {
  const [node, plain] = [newNode(SAVE, '1', [0, 0]), newNode(SPECS.get('Plain')!, '1', [0, 0])];
  expect(node.size[1]).toBe(plain.size[1]);
  const layout = layoutOf(node, SAVE);
  expect(layout.widgets.map(({ name }) => name)).toEqual(['name', 'last']);
  const places = node.inputs.map(({ name }, slot) => [name, layout.inputs[slot] !== null]);
  expect(Object.fromEntries(places)).toEqual({ video: true, name: true, codec: false, last: true });
  const collapsed = layoutOf({ ...node, isCollapsed: true }, SAVE);
  expect(collapsed.inputs.filter((place) => place === null)).toHaveLength(1);
});

test('what a hidden choice opens is hidden too', () => {
  const widgets = openedSpec(SAVE, { codec: 'h264' }).inputs.map(({ name, widget }) => [
    name,
    widget?.isHidden,
  ]);
  expect(Object.fromEntries(widgets)).toMatchObject({ name: false, codec: true, 'codec.crf': true });
});

test('their values stay in the list of saved ones, whatever else is changed', () => {
  const before = readDocument(file(['a', 'h264', 18, 'b'], null), SPECS);
  expect(before.root.nodes.get('1')?.widgets).toEqual({
    name: 'a',
    codec: 'h264',
    'codec.crf': 18,
    last: 'b',
  });
  expect(toDocument(before, SPECS)).toEqual(file(['a', 'h264', 18, 'b'], null));
  const after = setWidget(before, [], '1', 'last', 'c');
  expect(toDocument(after, SPECS)).toEqual(file(['a', 'h264', 18, 'c'], null));
});

test('a new node saves them as they are usually', () => {
  const workflow = addNode(EMPTY_WORKFLOW, [], newNode(SAVE, '1', [0, 0]));
  expect(toDocument(workflow, SPECS).nodes).toMatchObject([{ widgets_values: ['x', 'auto', 'x'] }]);
});

test('a link that an old file has into one is shown, and can be taken away', () => {
  const canvas = new TestCanvas(readDocument(file(['a', 'auto', 'b'], 1), SPECS), SPECS);
  const placed = canvas.view.scene.nodes.get('1')!;
  expect(placed.layout.rows).toEqual([0, 1]);
  expect(canvas.view.scene.links.has('1')).toBe(true);
  const socket = canvas.socket('input', '1', 1);
  canvas.dragTo(socket, [socket[0] - 100, socket[1] + 300]);
  expect(canvas.node('1').inputs[1]?.link).toBeNull();
  expect(canvas.view.scene.nodes.get('1')?.layout.inputs[1]).toBeNull();
});

test('no new link goes there', () => {
  const canvas = new TestCanvas(readDocument(file(['a', 'auto', 'b'], null), SPECS), SPECS);
  canvas.dragTo(canvas.socket('output', '2', 0), canvas.header('1'));
  expect(canvas.node('1').inputs[1]?.link).toBeNull();
  const hidden = readSpecs({ Only: { input: { required: { codec: CODEC } } } }).get('Only')!;
  expect(takesLink(hidden, { side: 'output', type: 'COMFY_DYNAMICCOMBO_V3' })).toBe(false);
});
