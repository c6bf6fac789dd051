/** Sockets that open inputs beside them when they are linked. */

import { expect, test } from 'vitest';
import { readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import { addNode, removeNodes } from '../../../src/core/edits/nodes.ts';
import { newNode } from '../../../src/core/edits/new-node.ts';
import { setWidget } from '../../../src/core/edits/widgets.ts';
import { EMPTY_WORKFLOW, type Json } from '../../../src/core/graph.ts';
import { readSpecs } from '../../../src/core/specs-read.ts';
import { TestCanvas } from '../../view/canvas.ts';

const BESIDE = {
  required: { weight: ['INT', { default: 3 }], model: ['MODEL', {}] },
  optional: { name: ['STRING', {}] },
};
const MASK = ['COMFY_DYNAMICSLOT_V3', { slotType: 'MASK', inputs: BESIDE, tooltip: 'what to paint' }];
const SPECS = readSpecs({
  Paint: {
    input: {
      required: { image: ['IMAGE'], steps: ['INT', { default: 20 }] },
      optional: { mask: MASK, last: ['INT', { default: 1 }] },
    },
    output: ['IMAGE'],
  },
  Load: { output: ['MASK', 'MODEL'] },
});

function canvasWith(...types: readonly string[]): TestCanvas {
  const workflow = types.reduce((before, type, index) => {
    return addNode(before, [], newNode(SPECS.get(type)!, String(index + 1), [index * 500, 0]));
  }, EMPTY_WORKFLOW);
  return new TestCanvas(workflow, SPECS);
}

function slotOf(canvas: TestCanvas, name: string, node = '2'): number {
  return canvas.node(node).inputs.findIndex((slot) => slot.name === name);
}

function linkMask(canvas: TestCanvas): void {
  canvas.dragTo(canvas.socket('output', '1', 0), canvas.socket('input', '2', slotOf(canvas, 'mask')));
}

function namesOf(canvas: TestCanvas, node = '2'): string[] {
  return canvas.node(node).inputs.map(({ name }) => name);
}

function savedValues(canvas: TestCanvas, node = 1): Json {
  const document = toDocument(canvas.editor.workflow, SPECS) as {
    nodes: { widgets_values: Json }[];
  };
  return document.nodes[node]!.widgets_values;
}

const CLOSED = ['image', 'mask', 'steps', 'last'];
const OPEN = ['image', 'mask', 'mask.weight', 'mask.model', 'mask.name', 'steps', 'last'];

test('they are sockets of the type that they take, with nothing beside them', () => {
  const canvas = canvasWith('Load', 'Paint');
  expect(namesOf(canvas)).toEqual(CLOSED);
  expect(canvas.node('2').inputs[1]).toMatchObject({ type: 'MASK', isOptional: true, widget: null });
  expect(savedValues(canvas)).toEqual([20, 1]);
});

test('a link opens sockets and widgets, without a link they are gone, and one undo brings all back', () => {
  const canvas = canvasWith('Load', 'Paint');
  linkMask(canvas);
  expect(namesOf(canvas)).toEqual(OPEN);
  const places = canvas.view.scene.nodes.get('2')!.layout;
  expect(places.widgets.map(({ name }) => name)).toEqual(['steps', 'mask.weight', 'mask.name', 'last']);
  expect(places.rows.map((slot) => OPEN[slot])).toEqual(['image', 'mask', 'mask.model']);
  expect(savedValues(canvas)).toEqual([20, 3, '', 1]);
  canvas.dragTo(canvas.socket('output', '1', 1), canvas.socket('input', '2', slotOf(canvas, 'mask.model')));
  const whole = canvas.editor.workflow;
  const socket = canvas.socket('input', '2', slotOf(canvas, 'mask'));
  canvas.dragTo(socket, [socket[0] - 100, socket[1] + 400]);
  expect(namesOf(canvas)).toEqual(CLOSED);
  expect(canvas.editor.graph.links.size).toBe(0);
  expect(savedValues(canvas)).toEqual([20, 1]);
  canvas.editor.history.undo();
  expect(canvas.editor.workflow).toBe(whole);
});

test('while a link hangs in the air, the node stays as it is', () => {
  const canvas = canvasWith('Load', 'Paint');
  linkMask(canvas);
  const { rows, widgets } = canvas.view.scene.nodes.get('2')!.layout;
  const socket = canvas.socket('input', '2', slotOf(canvas, 'mask'));
  canvas.down(socket).move([socket[0] - 100, socket[1] + 400]);
  expect(canvas.view.scene.nodes.get('2')!.layout).toMatchObject({ rows, widgets });
});

test('the source of a link goes, and with it what the link opened', () => {
  const canvas = canvasWith('Load', 'Paint');
  linkMask(canvas);
  canvas.editor.do('remove', (workflow) => removeNodes(workflow, [], ['1']));
  expect(namesOf(canvas)).toEqual(CLOSED);
});

test('a copy without links has no inputs that a link opened', () => {
  const canvas = canvasWith('Load', 'Paint');
  linkMask(canvas);
  const copy = { ...canvas.node('2'), id: '3' };
  canvas.editor.do('copy', (workflow) => addNode(workflow, [], copy));
  expect(namesOf(canvas, '3')).toEqual(CLOSED);
  expect(savedValues(canvas, 2)).toEqual([20, 1]);
});

test('values beside a linked socket are saved behind those of required inputs, and read from there', () => {
  const canvas = canvasWith('Load', 'Paint');
  linkMask(canvas);
  canvas.editor.do('weight', (workflow) => setWidget(workflow, [], '2', 'mask.weight', 8));
  const document = toDocument(canvas.editor.workflow, SPECS);
  expect(savedValues(canvas)).toEqual([20, 8, '', 1]);
  const read = readDocument(document, SPECS);
  expect(read.root.nodes.get('2')?.widgets).toEqual({
    steps: 20,
    'mask.weight': 8,
    'mask.name': '',
    last: 1,
  });
  expect(toDocument(read, SPECS)).toEqual(document);
});

test('the same in an API document', () => {
  const inputs = { steps: 5, last: 2, mask: ['1', 0], 'mask.weight': 8, 'mask.model': ['1', 1] };
  const api = { 1: { class_type: 'Load', inputs: {} }, 2: { class_type: 'Paint', inputs } };
  const canvas = new TestCanvas(readDocument(api, SPECS), SPECS);
  expect([...namesOf(canvas)].sort()).toEqual([...OPEN].sort());
  expect(canvas.node('2').inputs[slotOf(canvas, 'mask.model')]?.type).toBe('MODEL');
  expect(savedValues(canvas)).toEqual([5, 8, '', 2]);
});
