import { expect, test } from 'vitest';
import { formOf, moveInput, toggleInput, toggleOutput, type AppInput } from '../../src/app/app-view.ts';
import { missingFiles } from '../../src/core/missing.ts';
import { choicesFor, replaceFile } from '../../src/app/missing.ts';
import { Editor } from '../../src/core/editor.ts';
import { Store } from '../../src/core/store.ts';
import { addNode } from '../../src/core/edits/nodes.ts';
import { blankNode } from '../../src/core/edits/new-node.ts';
import { EMPTY_WORKFLOW, type Workflow } from '../../src/core/graph.ts';
import { readSpecs } from '../../src/core/specs-read.ts';

const SPECS = readSpecs({
  Load: {
    input: { required: { file: [['a.safetensors', 'b.safetensors'], {}], way: [['fast', 'slow'], {}] } },
    output: [],
    output_name: [],
    name: 'Load',
    display_name: 'Load',
    category: '',
    output_node: false,
  },
});

function withNodes(...types: string[]): Workflow {
  return types.reduce(
    (workflow, type, at) =>
      addNode(
        workflow,
        [],
        blankNode(String(at + 1), type, [0, 0], { widgets: { file: 'c.safetensors', way: 'odd' } }),
      ),
    EMPTY_WORKFLOW,
  );
}

const input = (node: string, widget: string): AppInput => ({ path: [], node, widget });

test('a form keeps what was put in, in order, and taking all out leaves nothing behind', () => {
  const start = withNodes('A', 'B');
  const one = toggleInput(start, input('1', 'text'));
  const two = toggleInput(one, input('2', 'seed'));
  expect(formOf(two).inputs.map(({ widget }) => widget)).toEqual(['text', 'seed']);
  expect(formOf(moveInput(two, input('2', 'seed'), -1)).inputs.map(({ widget }) => widget)).toEqual([
    'seed',
    'text',
  ]);
  const none = toggleInput(toggleInput(two, input('1', 'text')), input('2', 'seed'));
  expect(none.raw.extra).toEqual({});
});

test('a form leaves the rest of the document alone and forgets nodes that are gone', () => {
  const start = { ...withNodes('A'), raw: { extra: { ds: { scale: 2 } }, version: 0.4 } };
  const whole = toggleOutput(toggleInput(start, input('9', 'text')), { path: [], node: '1' });
  expect(whole.raw).toMatchObject({ extra: { ds: { scale: 2 } }, version: 0.4 });
  expect(formOf(whole)).toEqual({ inputs: [], outputs: [{ path: [], node: '1' }] });
});

test('a form that another program wrote wrongly is empty', () => {
  for (const wrong of [null, [], 'x', { inputs: 3, outputs: [null, { node: 1 }] }]) {
    expect(formOf({ ...EMPTY_WORKFLOW, raw: { extra: { weft_app: wrong } } })).toEqual({
      inputs: [],
      outputs: [],
    });
  }
});

test('a file that the server lacks is replaced in every node that names it, as one step', () => {
  const editor = new Editor(new Store(SPECS), withNodes('Load', 'Load'));
  const [missing] = missingFiles(editor.workflow, SPECS);
  expect(choicesFor(editor.workflow, SPECS, missing!)).toHaveLength(2);
  replaceFile(editor, missing!, 'b.safetensors');
  expect([...editor.graph.nodes.values()].map(({ widgets }) => widgets.file)).toEqual([
    'b.safetensors',
    'b.safetensors',
  ]);
  expect(missingFiles(editor.workflow, SPECS)).toEqual([]);
  editor.history.undo();
  expect(missingFiles(editor.workflow, SPECS)).toHaveLength(1);
});
