import { expect, test } from 'vitest';
import { connect } from '../../../src/core/edits/links.ts';
import { renewNodes } from '../../../src/core/edits/renew.ts';
import { setWidget } from '../../../src/core/edits/widgets.ts';
import { readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import type { NodeSpec, Specs } from '../../../src/core/specs.ts';
import { EMPTY_LATENT, input, SAMPLER, SPECS, spec, usualWorkflow } from './examples.ts';
import { problemsOf } from './invariants.ts';

const STEPS = SAMPLER.inputs.find(({ name }) => name === 'steps')!;

function changed(...specs: NodeSpec[]): Specs {
  return new Map([...SPECS, ...specs.map((each) => [each.type, each] as const)]);
}

test('nodes get new sockets and widgets, lose free ones that are gone, and keep links and values', () => {
  const before = setWidget(usualWorkflow(), ['11'], '5', 'steps', 33);
  const now = spec(
    'Sampler',
    [
      input('model', 'MODEL'),
      input('control', 'CONTROL'),
      input('positive', 'CONDITIONING'),
      input('latent', 'LATENT'),
      STEPS,
      { ...STEPS, name: 'rounds' },
    ],
    ['NOISE', 'LATENT'],
  );
  const after = renewNodes(before, SPECS, changed(now));
  expect(problemsOf(after)).toEqual([]);
  const sampler = [...after.subgraphs.get('make')!.graph.nodes.values()].find(
    ({ type }) => type === 'Sampler',
  )!;
  expect(sampler.inputs.map(({ name }) => name)).toEqual([
    'model',
    'control',
    'positive',
    'negative', // a link holds it
    'latent',
    'steps',
    'rounds',
  ]);
  expect(sampler.outputs.map(({ name, links }) => [name, links.length])).toEqual([
    ['NOISE', 0],
    ['LATENT', 1],
  ]);
  expect(sampler.widgets).toEqual({ steps: 33, rounds: 20 });
});

test('node types of the same shape leave the very workflow', () => {
  const workflow = usualWorkflow();
  const choices = { ...STEPS, widget: { ...STEPS.widget!, max: 7 } };
  const now = { ...SAMPLER, inputs: SAMPLER.inputs.map((each) => (each === STEPS ? choices : each)) };
  expect(renewNodes(workflow, SPECS, changed(now))).toBe(workflow);
});

test('a node whose type was unknown gets names for its values', () => {
  const saved = toDocument(
    connect(usualWorkflow(), [], { node: '4', slot: 0 }, { node: '3', slot: 0 }),
    SPECS,
  );
  const without = new Map([...SPECS].filter(([type]) => type !== EMPTY_LATENT.type));
  const opened = readDocument(JSON.parse(JSON.stringify(saved)), without);
  const after = renewNodes(opened, without, SPECS);
  expect(after.root.nodes.get('4')?.widgets).toEqual({ width: 20 });
  expect(after.root.nodes.get('4')?.rawWidgets).toBeUndefined();
  expect(JSON.stringify(toDocument(after, SPECS))).toBe(JSON.stringify(saved));
});
