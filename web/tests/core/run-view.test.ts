import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodePhase, NodeRun } from '../../src/core/run-state.ts';
import { NO_RUN } from '../../src/core/run-state.ts';
import { progressOf } from '../../src/core/run-progress.ts';
import { fractionOf, isSameView, keyOf, NOTHING_SEEN, placeOf, viewOf } from '../../src/core/run-view.ts';
import { folded, NAMES, recording, states } from './recordings/index.ts';

const phase = fc.constantFrom<NodePhase>('waiting', 'running', 'cached', 'done', 'error');
const run: fc.Arbitrary<NodeRun> = fc.record({
  phase,
  value: fc.nat(10),
  max: fc.constant(10),
  text: fc.constantFrom('', 'tile'),
  since: fc.option(fc.nat(100)),
  seconds: fc.option(fc.nat(100)),
});
const key = fc
  .array(fc.constantFrom('1', '12', '5', '51'), { minLength: 1, maxLength: 3 })
  .map((steps) => steps.join(':'));
const nodes = fc.array(fc.tuple(key, run)).map((pairs) => new Map(pairs));

test('a key leads back to its place', () => {
  fc.assert(
    fc.property(key, (each) => {
      const { path, node } = placeOf(each);
      expect(keyOf(path, node)).toBe(each);
    }),
  );
});

test('a node with nothing inside shows what it does itself', () => {
  fc.assert(
    fc.property(nodes, (all) => {
      const state = { ...NO_RUN, nodes: all };
      for (const [each, its] of all) {
        const isOuter = [...all.keys()].some((other) => other.startsWith(`${each}:`));
        if (!isOuter) expect(viewOf(state, each).run).toBe(its);
      }
    }),
  );
});

test('a subgraph is as far as what is inside it, and runs while something inside runs', () => {
  fc.assert(
    fc.property(nodes, (all) => {
      const inside = [...all]
        .filter(([each]) => each === '12' || each.startsWith('12:'))
        .map(([, its]) => its);
      const seen = viewOf({ ...NO_RUN, nodes: all }, '12').run;
      expect(seen === null).toBe(inside.length === 0);
      fc.pre(inside.length > 0);
      const fractions = inside.map(fractionOf);
      const mean = fractions.reduce((sum, each) => sum + each, 0) / inside.length;
      if (seen?.phase === 'running' && inside.length > 1) expect(fractionOf(seen)).toBeCloseTo(mean);
      if (inside.some((its) => its.phase === 'error')) expect(seen?.phase).toBe('error');
      else if (inside.some((its) => its.phase === 'running')) expect(seen?.phase).toBe('running');
    }),
  );
});

test('nodes whose ids begin alike are not mixed up', () => {
  const done: NodeRun = { phase: 'done', value: 1, max: 1, text: '', since: null, seconds: 1 };
  expect(viewOf({ ...NO_RUN, nodes: new Map([['12:5', done]]) }, '1')).toBe(NOTHING_SEEN);
});

test('what runs inside a subgraph is seen at its node', () => {
  const all = states(recording('subgraph').actions).map((state) => viewOf(state, '12'));
  expect(all.some((view) => view.run?.phase === 'running' && view.preview !== null)).toBe(true);
  expect(all.at(-1)?.run).toMatchObject({ phase: 'done', value: 2, max: 2 });
});

test.each(NAMES)('%s: a view is the same as itself made again', (name) => {
  for (const state of states(recording(name).actions)) {
    for (const each of ['1', '5', '7', '12'])
      expect(isSameView(viewOf(state, each), viewOf({ ...state }, each))).toBe(true);
  }
});

test('the progress of a run goes from nothing to all and names the node that runs', () => {
  const seen = states(recording('whole').actions).map(progressOf);
  expect(seen.map(({ node }) => node)).toContain('5');
  expect(progressOf(folded(recording('whole').actions))).toMatchObject({
    fraction: 1,
    done: 7,
    total: 7,
    node: null,
  });
});
