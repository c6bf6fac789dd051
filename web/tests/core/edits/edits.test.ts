import { expect, test } from 'vitest';
import { align, distribute, stack } from '../../../src/core/edits/align.ts';
import { bypassSlot } from '../../../src/core/edits/bypass.ts';
import { setPinned, toggleMode } from '../../../src/core/edits/flags.ts';
import { addGroupAround, contentsOf } from '../../../src/core/edits/groups.ts';
import { connect, connectFromReroute, disconnectInput, insertOnLink } from '../../../src/core/edits/links.ts';
import { moveItems } from '../../../src/core/edits/move.ts';
import { newNode } from '../../../src/core/edits/new-node.ts';
import { removeNodes } from '../../../src/core/edits/nodes.ts';
import { addedItems, duplicate, insertPiece, pieceOf } from '../../../src/core/edits/piece.ts';
import { addReroute, removeReroutes } from '../../../src/core/edits/reroutes.ts';
import { settle } from '../../../src/core/edits/settle.ts';
import { connectWidget, setWidget } from '../../../src/core/edits/widgets.ts';
import type { Graph, NodeId, Workflow } from '../../../src/core/graph.ts';
import { Editor } from '../../../src/core/editor.ts';
import { Store } from '../../../src/core/store.ts';
import { typeVariable } from '../../../src/core/types.ts';
import {
  BATCH,
  DECODE,
  EMPTY_LATENT,
  INT,
  input,
  SAMPLER,
  SAVE,
  SCALE,
  spec,
  SPECS,
  usualWorkflow,
  withNodes,
} from './examples.ts';
import { problemsOf } from './invariants.ts';

const NONE = { nodes: new Set<NodeId>(), groups: new Set<string>(), reroutes: new Set<string>() };

function chosen(...ids: NodeId[]) {
  return { ...NONE, nodes: new Set(ids) };
}

/** Return the links of a graph as `from.slot>to.slot`, sorted. */
function wires(graph: Graph): string[] {
  const texts = [...graph.links.values()].map(
    ({ from, to }) => `${from.node}.${from.slot}>${to.node}.${to.slot}`,
  );
  return texts.sort();
}

function chain(...specs: Parameters<typeof withNodes>[0]): Workflow {
  return specs.slice(1).reduce((workflow, _, index) => {
    const [node, target] = [String(index + 1), String(index + 2)];
    return connect(workflow, [], { node, slot: 0 }, { node: target, slot: 0 });
  }, withNodes(specs));
}

test('a second link into an input replaces the first', () => {
  const workflow = connect(
    withNodes([SCALE, SCALE, SAVE]),
    [],
    { node: '1', slot: 0 },
    { node: '3', slot: 0 },
  );
  expect(wires(connect(workflow, [], { node: '2', slot: 0 }, { node: '3', slot: 0 }).root)).toEqual([
    '2.0>3.0',
  ]);
});

test('the same link again changes nothing', () => {
  const workflow = chain(SCALE, SAVE);
  expect(connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 0 })).toBe(workflow);
});

test('a node dropped on a link takes what it brought and gives it on', () => {
  const workflow = chain(SCALE, SAVE);
  const more = withNodes([SCALE], workflow);
  expect(wires(insertOnLink(more, [], '1', '3').root)).toEqual(['1.0>3.0', '3.0>2.0']);
  const wrong = withNodes([SAMPLER], workflow);
  expect(insertOnLink(wrong, [], '1', '3')).toBe(wrong);
});

test('removing nodes with reconnect joins what is left', () => {
  const workflow = chain(SCALE, SCALE, SCALE, SAVE);
  expect(wires(removeNodes(workflow, [], ['2', '3'], true).root)).toEqual(['1.0>4.0']);
  expect(wires(removeNodes(workflow, [], ['2', '3']).root)).toEqual([]);
});

test('reroutes of both links stay when the node between goes', () => {
  let workflow = chain(SCALE, SCALE, SAVE);
  workflow = addReroute(addReroute(workflow, [], '1', [10, 10]), [], '2', [20, 20]);
  const { root } = removeNodes(workflow, [], ['2'], true);
  const [link] = root.links.values();
  expect(link?.parent).toBe('4');
  expect(root.reroutes.get('4')?.parent).toBe('3');
  expect(root.reroutes.get('3')?.links).toEqual(['2']);
});

test('a bypassed node passes on what fits', () => {
  const node = newNode(SAMPLER, '1', [0, 0]);
  expect(bypassSlot(node, 0, 'LATENT')).toBe(3);
  expect(bypassSlot(node, 0, 'IMAGE')).toBeNull();
});

test('a link can start at a reroute, which then carries both', () => {
  let workflow = withNodes([SAVE], chain(SCALE, SAVE));
  workflow = addReroute(workflow, [], '1', [10, 10]);
  workflow = connectFromReroute(workflow, [], '2', { node: '3', slot: 0 });
  expect(wires(workflow.root)).toEqual(['1.0>2.0', '1.0>3.0']);
  expect(workflow.root.reroutes.get('2')?.links).toEqual(['1', '3']);
  const straight = removeReroutes(workflow, [], ['2']);
  expect([...straight.root.links.values()].map(({ parent }) => parent)).toEqual([null, null]);
});

test('a copy has the links among its nodes, and those into it if asked', () => {
  const workflow = chain(EMPTY_LATENT, DECODE, SAVE);
  const alone = duplicate(workflow, [], chosen('2', '3'), [0, 100]);
  expect(wires(alone.root)).toEqual(['1.0>2.0', '2.0>3.0', '4.0>5.0']);
  const linked = duplicate(workflow, [], chosen('2', '3'), [0, 100], true);
  expect(wires(linked.root)).toEqual(['1.0>2.0', '1.0>4.0', '2.0>3.0', '4.0>5.0']);
  expect([...addedItems(workflow, linked, []).nodes]).toEqual(['4', '5']);
});

test('pasting an instance does not put a subgraph into itself', () => {
  const workflow = usualWorkflow();
  const piece = pieceOf(workflow.root, chosen('11'));
  expect(insertPiece(workflow, ['11'], piece, [0, 0])).toBe(workflow);
  expect(insertPiece(workflow, ['11', '10'], piece, [0, 0])).toBe(workflow);
});

test('pasting brings the subgraphs that are missing', () => {
  const { root, subgraphs } = usualWorkflow();
  const after = insertPiece(withNodes([]), [], pieceOf(root, chosen('11')), [0, 0], subgraphs.values());
  expect([...after.subgraphs.keys()]).toEqual(['show', 'make']);
  expect(problemsOf(removeNodes(after, [], ['1']))).toEqual([]);
  expect(removeNodes(after, [], ['1']).subgraphs.size).toBe(0);
});

test('pinned nodes stay where they are', () => {
  const workflow = setPinned(withNodes([SAVE, SAVE]), [], ['1'], true);
  const moved = moveItems(workflow, [], chosen('1', '2'), [7, 8]);
  expect([...moved.root.nodes.values()].map(({ pos }) => pos)).toEqual([
    [0, 0],
    [307, 8],
  ]);
});

test('a group frames its nodes, and they move with it', () => {
  const workflow = addGroupAround(withNodes([SAVE, SAVE, SAVE]), [], 'Two', ['1', '2']);
  const [group] = workflow.root.groups.values();
  expect(group && [...contentsOf(workflow.root, group).nodes]).toEqual(['1', '2']);
});

test('modes toggle: on for all, then off for all', () => {
  const once = toggleMode(withNodes([SAVE, SAVE]), [], ['1'], 'mute');
  const twice = toggleMode(once, [], ['1', '2'], 'mute');
  expect([...twice.root.nodes.values()].map(({ mode }) => mode)).toEqual(['mute', 'mute']);
  const back = toggleMode(twice, [], ['1', '2'], 'mute');
  expect([...back.root.nodes.values()].map(({ mode }) => mode)).toEqual(['always', 'always']);
});

test('setting a value to what it is changes nothing', () => {
  const workflow = withNodes([EMPTY_LATENT]);
  expect(setWidget(workflow, [], '1', 'width', 20)).toBe(workflow);
  expect(setWidget(workflow, [], '1', 'width', 21).root.nodes.get('1')?.widgets).toEqual({ width: 21 });
});

test('a link to a widget arrives at the slot that stands for it', () => {
  const workflow = connectWidget(withNodes([INT, SAMPLER]), [], { node: '1', slot: 0 }, '2', 'steps', 'INT');
  expect(wires(workflow.root)).toEqual(['1.0>2.4']);
});

test('aligned nodes share an edge, distributed ones have equal gaps, stacked ones none that overlap', () => {
  const workflow = withNodes([SAVE, SAMPLER, EMPTY_LATENT, SAVE]);
  const ids = [...workflow.root.nodes.keys()];
  const rights = [...align(workflow, [], ids, 'right').root.nodes.values()].map(
    ({ pos, size }) => pos[0] + size[0],
  );
  expect(new Set(rights).size).toBe(1);
  const spread = [...distribute(workflow, [], ids, 'x').root.nodes.values()];
  const gaps = spread
    .slice(1)
    .map(({ pos }, index) => pos[0] - (spread[index]?.pos[0] ?? 0) - (spread[index]?.size[0] ?? 0));
  expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(1e-9);
  const column = [...stack(workflow, [], ids, 'y').root.nodes.values()];
  expect(new Set(column.map(({ pos }) => pos[0])).size).toBe(1);
  expect(align(workflow, [], ['1'], 'left')).toBe(workflow);
});

test('sockets grow while they are linked and shrink again', () => {
  let workflow = withNodes([SCALE, BATCH]);
  const names = () => workflow.root.nodes.get('2')?.inputs.map(({ name }) => name);
  workflow = settle(connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 0 }), [], SPECS);
  expect(names()).toEqual(['images.image0', 'images.image1']);
  for (const slot of [1, 2, 3]) {
    workflow = settle(connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot }), [], SPECS);
  }
  expect(names()).toHaveLength(4);
  for (const slot of [1, 2, 3]) workflow = disconnectInput(workflow, [], { node: '2', slot });
  workflow = settle(workflow, [], SPECS);
  expect(names()).toEqual(['images.image0', 'images.image1']);
  expect(problemsOf(workflow)).toEqual([]);
  expect(settle(workflow, [], SPECS)).toBe(workflow);
});

test('a type variable is what is linked, and travels on through nodes', () => {
  const any = typeVariable('T', '*');
  const pick = spec('Pick', [input('on_false', any), input('on_true', any)], [any]);
  const specs = new Map([...SPECS, ['Pick', pick] as const]);
  let workflow = withNodes([SCALE, pick, pick]);
  workflow = connect(workflow, [], { node: '2', slot: 0 }, { node: '3', slot: 0 });
  workflow = settle(connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 0 }), [], specs);
  const types = (id: NodeId) => {
    const node = workflow.root.nodes.get(id);
    return [...(node?.inputs ?? []), ...(node?.outputs ?? [])].map(({ type }) => type);
  };
  expect(types('2')).toEqual(['*', 'IMAGE', 'IMAGE']);
  expect(types('3')).toEqual(['*', 'IMAGE', 'IMAGE']);
  workflow = settle(disconnectInput(workflow, [], { node: '2', slot: 0 }), [], specs);
  expect(types('3')).toEqual(['*', '*', '*']);
});

test('an output of a variable gives no more than its inputs allow', () => {
  const allowed = typeVariable('T', 'IMAGE,MASK');
  const pick = spec('Pick', [input('one', allowed)], [typeVariable('T', '*')]);
  const workflow = settle(withNodes([pick]), [], new Map([['Pick', pick]]));
  expect(workflow.root.nodes.get('1')?.outputs[0]?.type).toBe('IMAGE,MASK');
});

test('the editor lets sockets grow with the link, as one step', () => {
  const editor = new Editor(new Store(SPECS), withNodes([SCALE, BATCH]));
  const before = editor.workflow;
  editor.do('link', (workflow) => connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 0 }));
  expect(editor.graph.nodes.get('2')?.inputs).toHaveLength(2);
  editor.history.undo();
  expect(editor.workflow).toBe(before);
  expect(editor.history.canUndo).toBe(false);
});
