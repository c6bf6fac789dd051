import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addNewNode } from '../../src/core/edits/nodes.ts';
import { EMPTY_WORKFLOW, type GraphNode, type Json, type Workflow } from '../../src/core/graph.ts';
import {
  CONTROL_MODES,
  controlKey as keyOf,
  filterKey,
  nextValue,
  passing,
  withNextSeeds,
} from '../../src/core/seed-control.ts';
import type { Specs, WidgetSpec } from '../../src/core/specs.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { promoteWidget } from '../../src/core/subgraphs/promote.ts';
import { input, SAMPLER, spec } from './edits/examples.ts';

const NUMBER = SAMPLER.inputs.find(({ widget }) => widget !== null)?.widget as WidgetSpec;
const SEED: WidgetSpec = { ...NUMBER, kind: 'seed', default: 0, min: 0, max: 2 ** 64, hasControl: true };
const CHOICE: WidgetSpec = {
  ...SEED,
  kind: 'choice',
  choices: ['red', 'green', 'dark green'],
  default: 'red',
};
const TYPE = spec(
  'Noise',
  [input('seed', 'INT', { widget: SEED }), input('style', 'COMBO', { widget: CHOICE })],
  ['NOISE'],
);
const SPECS: Specs = new Map([[TYPE.type, TYPE]]);
const random = (): number => 0.5;
const controlKey = (widget: string): string => keyOf(TYPE, widget);

function noise(widgets: { readonly [name: string]: Json }, given: Partial<GraphNode> = {}): Workflow {
  const workflow = addNewNode(EMPTY_WORKFLOW, [], TYPE, [0, 0]);
  const [id, node] = [...workflow.root.nodes][0] as [string, GraphNode];
  const changed = { ...node, ...given, widgets: { ...node.widgets, ...widgets } };
  return { ...workflow, root: { ...workflow.root, nodes: new Map([[id, changed]]) } };
}

function widgetsOf(workflow: Workflow): GraphNode['widgets'] {
  return ([...workflow.root.nodes.values()][0] as GraphNode).widgets;
}

const range = fc
  .tuple(
    fc.integer({ min: -1000, max: 1000 }),
    fc.integer({ min: 1, max: 2000 }),
    fc.integer({ min: 1, max: 7 }),
  )
  .map(([min, length, step]): WidgetSpec => ({ ...SEED, min, max: min + length, step }));

test('the next value is in the range, whatever the control', () => {
  fc.assert(
    fc.property(
      range,
      fc.constantFrom(...CONTROL_MODES),
      fc.double({ min: 0, max: 0.9999, noNaN: true }),
      fc.nat(3000),
      (widget, mode, chance, at) => {
        const [min, max] = [widget.min as number, widget.max as number];
        const value = Math.min(max, min + at);
        const next = nextValue(value, mode, widget, () => chance) as number;
        expect(next).toBeGreaterThanOrEqual(min);
        expect(next).toBeLessThanOrEqual(max);
        expect(Number.isSafeInteger(next)).toBe(true);
      },
    ),
  );
});

test('by chance every value of a range comes, with its steps', () => {
  const widget = { ...SEED, min: 1, max: 7, step: 3 };
  const found = [0, 0.34, 0.67, 0.999].map((chance) => nextValue(1, 'randomize', widget, () => chance));
  expect(new Set(found)).toEqual(new Set([1, 4, 7]));
});

test('a fixed value stays, and so does the workflow itself', () => {
  const workflow = noise({ seed: 5, [controlKey('seed')]: 'fixed', [controlKey('style')]: 'fixed' });
  expect(withNextSeeds(workflow, SPECS, random)).toBe(workflow);
});

test('values go up and down by a step', () => {
  const workflow = noise({
    seed: 5,
    style: 'green',
    [controlKey('seed')]: 'increment',
    [controlKey('style')]: 'decrement',
  });
  expect(widgetsOf(withNextSeeds(workflow, SPECS, random))).toMatchObject({ seed: 6, style: 'red' });
});

test('a choice stays among those that its filter lets through', () => {
  const workflow = noise({
    style: 'red',
    [controlKey('style')]: 'randomize',
    [filterKey(TYPE, 'style')]: 'green',
  });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.9999, noNaN: true }), (chance) => {
      expect(String(widgetsOf(withNextSeeds(workflow, SPECS, () => chance)).style)).toContain('green');
    }),
  );
  expect(passing(CHOICE.choices, '/^(red|green)$/')).toEqual(['red', 'green']);
});

test('a seed that a link brings, or of a node that does not run, stays', () => {
  const given = { [controlKey('seed')]: 'increment', [controlKey('style')]: 'fixed', seed: 5 };
  const slot = {
    name: 'seed',
    type: 'INT',
    label: null,
    widget: 'seed',
    isOptional: false,
    link: '1',
    raw: {},
  };
  expect(widgetsOf(withNextSeeds(noise(given, { inputs: [slot] }), SPECS, random)).seed).toBe(5);
  expect(widgetsOf(withNextSeeds(noise(given, { mode: 'mute' }), SPECS, random)).seed).toBe(5);
});

test('a promoted seed changes as the widget inside says', () => {
  const plain = noise({ seed: 5, [controlKey('seed')]: 'increment', [controlKey('style')]: 'fixed' });
  const all = {
    nodes: new Set(plain.root.nodes.keys()),
    groups: new Set<string>(),
    reroutes: new Set<string>(),
  };
  const inside = makeSubgraph(plain, [], all, 'In', 'in');
  const [host] = [...inside.root.nodes.keys()] as [string];
  const [inner] = [...(inside.subgraphs.get('in')?.graph.nodes.keys() ?? [])] as [string];
  const made = promoteWidget(inside, [host], inner, 'seed', 'INT');
  const instance = (workflow: Workflow): GraphNode => [...workflow.root.nodes.values()][0] as GraphNode;
  const next = withNextSeeds(made, SPECS, random);
  expect(instance(next).widgets.seed).toBe(6);
  expect(instance(withNextSeeds(next, SPECS, random)).widgets.seed).toBe(7);
});
