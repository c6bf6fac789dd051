import { expect, test } from 'vitest';
import { setMode, setTitle } from '../../src/core/edits/flags.ts';
import { addGroup } from '../../src/core/edits/groups.ts';
import { connect } from '../../src/core/edits/links.ts';
import { moveItems } from '../../src/core/edits/move.ts';
import { bringToFront, removeNodes } from '../../src/core/edits/nodes.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import type { Selection } from '../../src/core/editor.ts';
import type { Workflow } from '../../src/core/graph.ts';
import { runsTheSame } from '../../src/core/run-meaning.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { DECODE, LOADER, SAMPLER, SAVE, withNodes } from './edits/examples.ts';

const LINKED = connect(
  withNodes([LOADER, SAMPLER, DECODE, SAVE]),
  [],
  { node: '3', slot: 0 },
  { node: '4', slot: 0 },
);
const items = (...nodes: string[]): Selection => ({
  nodes: new Set(nodes),
  groups: new Set(),
  reroutes: new Set(),
});
const INSIDE = makeSubgraph(LINKED, [], items('2'), 'Inner', 'inner');
const instance = [...INSIDE.root.nodes.values()].find(({ type }) => type === 'inner')?.id as string;
const inner = [...(INSIDE.subgraphs.get('inner')?.graph.nodes.keys() ?? [])][0] as string;

const LOOKS: readonly [string, (workflow: Workflow) => Workflow][] = [
  ['a place', (workflow) => moveItems(workflow, [], items('3', '4'), [5, 5])],
  ['a title', (workflow) => setTitle(workflow, [], '3', 'Picture')],
  ['a group', (workflow) => addGroup(workflow, [], 'All', { x: 0, y: 0, width: 9, height: 9 })],
  ['the order in which nodes are drawn', (workflow) => bringToFront(workflow, [], ['3'])],
];
const CHANGES: readonly [string, (workflow: Workflow) => Workflow][] = [
  ['a value', (workflow) => setWidget(workflow, [], '1', 'name', 'other')],
  ['a value inside a subgraph', (workflow) => setWidget(workflow, [instance], inner, 'steps', 7)],
  ['a mode', (workflow) => setMode(workflow, [], ['3'], 'bypass')],
  ['a node that is gone', (workflow) => removeNodes(workflow, [], ['1'])],
  ['a link', (workflow) => connect(workflow, [], { node: '1', slot: 2 }, { node: '3', slot: 1 })],
];

test.each(LOOKS)('%s changes nothing of what runs', (_, change) => {
  const changed = change(INSIDE);
  expect(changed).not.toBe(INSIDE);
  expect(runsTheSame(INSIDE, changed)).toBe(true);
});

test.each(CHANGES)('%s changes what runs', (_, change) => {
  expect(runsTheSame(INSIDE, change(INSIDE))).toBe(false);
  expect(runsTheSame(change(INSIDE), INSIDE)).toBe(false);
});
