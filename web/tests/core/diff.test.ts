import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffOf, isNoDiff } from '../../src/core/diff.ts';
import { setTitle } from '../../src/core/edits/flags.ts';
import { connect } from '../../src/core/edits/links.ts';
import { removeNodes } from '../../src/core/edits/nodes.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { ALL, withNodes } from './edits/examples.ts';
import { applyEdit, RANDOM_EDITS } from './edits/random.ts';

const START = withNodes(ALL); // 3 is a Sampler, 5 a Decode

test('a changed value names its widget with both values', () => {
  const diff = diffOf(START, setWidget(START, [], '3', 'steps', 30));
  expect(diff.changed).toHaveLength(1);
  expect(diff.changed[0]?.changes).toEqual([{ kind: 'value', name: 'steps', before: 20, after: 30 }]);
  expect([diff.added, diff.removed, diff.addedLinks, diff.removedLinks]).toEqual([[], [], [], []]);
});

test('a title and a place are changes of their own', () => {
  const titled = setTitle(START, [], '3', 'Refine');
  expect(diffOf(START, titled).changed[0]?.changes.map(({ kind }) => kind)).toEqual(['title']);
});

test('links are told by the names of their sockets', () => {
  const linked = connect(START, [], { node: '3', slot: 0 }, { node: '5', slot: 0 });
  const diff = diffOf(START, linked);
  expect(diff.addedLinks.map(({ from, to }) => [from, to])).toEqual([
    [
      { node: '3', output: 'LATENT' },
      { node: '5', input: 'samples' },
    ],
  ]);
  expect(diff.changed).toEqual([]);
});

test('a link that was made anew is no difference', () => {
  const linked = connect(START, [], { node: '3', slot: 0 }, { node: '5', slot: 0 });
  const again = connect(linked, [], { node: '3', slot: 0 }, { node: '5', slot: 0 });
  expect(isNoDiff(diffOf(linked, again))).toBe(true);
});

test('a removed node goes with its links', () => {
  const linked = connect(START, [], { node: '3', slot: 0 }, { node: '5', slot: 0 });
  const diff = diffOf(linked, removeNodes(linked, [], ['5']));
  expect(diff.removed.map(({ node }) => node.id)).toEqual(['5']);
  expect(diff.removedLinks).toHaveLength(1);
});

test('nodes that move into a subgraph are told with its level', () => {
  const items = { nodes: new Set(['3']), groups: new Set<string>(), reroutes: new Set<string>() };
  const diff = diffOf(START, makeSubgraph(START, [], items, 'Inner', 'inner'));
  expect(diff.removed.map(({ level, node }) => [level, node.id])).toEqual([[null, '3']]);
  expect(diff.added.map(({ level, node }) => [level, node.type])).toEqual([
    [null, 'inner'],
    ['inner', 'Sampler'],
  ]);
});

test('the way back undoes what the way there did', () => {
  fc.assert(
    fc.property(RANDOM_EDITS, (edits) => {
      const after = edits.reduce(applyEdit, START);
      const [there, back] = [diffOf(START, after), diffOf(after, START)];
      expect(back.added).toEqual(there.removed);
      expect(back.removed).toEqual(there.added);
      expect(back.changed.length).toBe(there.changed.length);
      expect(new Set(back.addedLinks)).toEqual(new Set(there.removedLinks));
      expect(isNoDiff(diffOf(after, after))).toBe(true);
    }),
    { numRuns: 100 },
  );
});
