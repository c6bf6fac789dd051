import { expect, test } from 'vitest';
import { setMode } from '../../src/core/edits/flags.ts';
import { connect } from '../../src/core/edits/links.ts';
import type { Selection } from '../../src/core/editor.ts';
import { targetsOf } from '../../src/core/run-targets.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { DECODE, LOADER, SAVE, SCALE, SPECS, withNodes } from './edits/examples.ts';

const FLAT = [
  ['1', 2, '2', 1],
  ['2', 0, '3', 0],
  ['3', 0, '4', 0],
].reduce(
  (workflow, [from, out, to, at]) =>
    connect(workflow, [], { node: String(from), slot: Number(out) }, { node: String(to), slot: Number(at) }),
  withNodes([LOADER, DECODE, SCALE, SAVE]),
);
const inner: Selection = { nodes: new Set(['2', '3']), groups: new Set(), reroutes: new Set() };
const NESTED = makeSubgraph(FLAT, [], inner, 'Inner', 'inner');
const instance = [...NESTED.root.nodes.values()].find(({ type }) => type === 'inner')?.id as string;

test('nodes are run to by their own keys', () => {
  expect(targetsOf(FLAT, SPECS, [], ['3', '4'])).toEqual(['3', '4']);
});

test('a subgraph is run to by what gives its outputs', () => {
  const scale = [...(NESTED.subgraphs.get('inner')?.graph.nodes.values() ?? [])].find(
    ({ type }) => type === 'Scale',
  );
  expect(targetsOf(NESTED, SPECS, [], [instance])).toEqual([`${instance}:${scale?.id}`]);
});

test('inside a subgraph the way there stands before the id', () => {
  const id = [...(NESTED.subgraphs.get('inner')?.graph.nodes.keys() ?? [])][0] as string;
  expect(targetsOf(NESTED, SPECS, [instance], [id])).toEqual([`${instance}:${id}`]);
});

test('what does not run is no target', () => {
  expect(targetsOf(setMode(FLAT, [], ['3'], 'mute'), SPECS, [], ['3', '4'])).toEqual(['4']);
  expect(targetsOf(FLAT, new Map(), [], ['3'])).toEqual([]);
});
