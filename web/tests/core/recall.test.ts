import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/graph.ts';
import { ranValues, recall } from '../../src/core/recall.ts';
import type { Specs, WidgetSpec } from '../../src/core/specs.ts';
import { input, SAMPLER, spec, withNodes } from './edits/examples.ts';

const NUMBER = SAMPLER.inputs.find(({ widget }) => widget !== null)?.widget as WidgetSpec;
const NOISE = spec(
  'Noise',
  [input('seed', 'INT', { widget: { ...NUMBER, kind: 'seed', default: 0 } })],
  ['NOISE'],
);
const TEXT = spec(
  'Text',
  [input('text', 'STRING', { widget: { ...NUMBER, kind: 'multiline', default: '' } })],
  ['CONDITIONING'],
);
const SPECS: Specs = new Map([NOISE, TEXT].map((each) => [each.type, each]));
const node = (type: string, inputs: JsonObject): JsonObject => ({ class_type: type, inputs });
const RAN: JsonObject = {
  1: node('Noise', { seed: 7 }),
  2: node('Text', { text: 'a red house' }),
  3: node('Text', { text: '' }),
  9: node('Text', { text: ['2', 0] }),
};

test('only seeds, or only texts, are read; links and empty texts are none', () => {
  expect(ranValues(RAN, SPECS, 'seed').map(({ value }) => value)).toEqual([7]);
  expect(ranValues(RAN, SPECS, 'text').map(({ value }) => value)).toEqual(['a red house']);
});

test('a value goes to the node that it came from', () => {
  const workflow = recall(withNodes([NOISE, TEXT, TEXT]), ranValues(RAN, SPECS, 'text'));
  expect([...workflow.root.nodes.values()].map(({ widgets }) => widgets.text)).toEqual([
    undefined,
    'a red house',
    '',
  ]);
});

test('in another workflow it goes to a node of the same type', () => {
  const workflow = recall(withNodes([TEXT, NOISE]), ranValues(RAN, SPECS, 'seed'));
  expect(workflow.root.nodes.get('2')?.widgets.seed).toBe(7);
});

test('a workflow without such a node stays itself', () => {
  const workflow = withNodes([TEXT]);
  expect(recall(workflow, ranValues(RAN, SPECS, 'seed'))).toBe(workflow);
});
