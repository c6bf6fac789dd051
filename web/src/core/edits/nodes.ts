/**
 * Adding and removing nodes.
 *
 *     const id = nextNodeId(workflow, path);
 *     editor.do('Add node', (workflow) => addNode(workflow, path, newNode(spec, id, pos)));
 */

import type { Selection } from '../editor.ts';
import {
  graphAt,
  subgraphIdAt,
  type GraphNode,
  type LinkId,
  type NodeId,
  type Path,
  type Point,
  type Workflow,
} from '../graph.ts';
import type { NodeSpec } from '../specs.ts';
import { bypassSlot } from './bypass.ts';
import { Draft, edit, type Level } from './draft.ts';
import { newNode } from './new-node.ts';
import { pruneSubgraphs } from './prune.ts';
import { dropReroute } from './reroutes.ts';
import { extendChain, moveStarts, part } from './wires.ts';

/** Return the id that the next new node gets. */
export function nextNodeId(workflow: Workflow, path: Path): NodeId {
  const draft = new Draft(workflow);
  return draft.newNodeId(draft.level(subgraphIdAt(workflow, path)) ?? draft.root);
}

/** Return the workflow with a node added. Its id must be new (nextNodeId); links in its slots are dropped. */
export function addNode(workflow: Workflow, path: Path, node: GraphNode): Workflow {
  return edit(workflow, path, (level, draft) => {
    if (level.nodes.has(node.id)) throw new Error(`There is a node #${node.id} already.`);
    const number = Number(node.id);
    if (Number.isSafeInteger(number)) draft.lastNodeId = Math.max(draft.lastNodeId, number);
    level.nodes.set(node.id, unlinked(node));
  });
}

/** Return the workflow with a new node of a type; it gets the id that nextNodeId told before. */
export function addNewNode(workflow: Workflow, path: Path, spec: NodeSpec, pos: Point): Workflow {
  return addNode(workflow, path, newNode(spec, nextNodeId(workflow, path), pos));
}

/** Return a copy of a node without its links. */
export function unlinked(node: GraphNode): GraphNode {
  const inputs = node.inputs.map((slot) => (slot.link === null ? slot : { ...slot, link: null }));
  const outputs = node.outputs.map((slot) => (slot.links.length === 0 ? slot : { ...slot, links: [] }));
  return { ...node, inputs, outputs };
}

/** Return the workflow without some nodes; with `reconnect`, what came in and fits goes on to where they led. */
export function removeNodes(
  workflow: Workflow,
  path: Path,
  ids: Iterable<NodeId>,
  reconnect = false,
): Workflow {
  return edit(workflow, path, (level, draft) => removeFrom(level, draft, ids, reconnect));
}

/** Return the workflow without the selected nodes, groups and reroutes. Nodes inside of a removed group stay. */
export function removeItems(workflow: Workflow, path: Path, items: Selection, reconnect = false): Workflow {
  return edit(workflow, path, (level, draft) => {
    removeFrom(level, draft, items.nodes, reconnect);
    for (const id of items.reroutes) dropReroute(level, draft, id);
    for (const id of items.groups) {
      if (level.groups.has(id)) draft.retire(id);
      level.groups.delete(id);
    }
  });
}

/** Return the workflow with nodes drawn above all others, in the order given. */
export function bringToFront(workflow: Workflow, path: Path, ids: Iterable<NodeId>): Workflow {
  return reorder(workflow, path, new Set(ids), true);
}

/** Return the workflow with nodes drawn below all others. */
export function sendToBack(workflow: Workflow, path: Path, ids: Iterable<NodeId>): Workflow {
  return reorder(workflow, path, new Set(ids), false);
}

function reorder(workflow: Workflow, path: Path, ids: ReadonlySet<NodeId>, isFront: boolean): Workflow {
  const before = [...graphAt(workflow, path).nodes.keys()];
  const chosen = before.filter((id) => ids.has(id));
  const others = before.filter((id) => !ids.has(id));
  const after = isFront ? [...others, ...chosen] : [...chosen, ...others];
  if (after.every((id, index) => id === before[index])) return workflow;
  return edit(workflow, path, (level) => {
    const nodes = new Map(level.nodes.map);
    for (const id of before) level.nodes.delete(id);
    for (const id of after) level.nodes.set(id, nodes.get(id) as GraphNode);
  });
}

export function removeFrom(level: Level, draft: Draft, ids: Iterable<NodeId>, reconnect: boolean): void {
  const types = new Set<string>();
  for (const id of ids) {
    const node = level.nodes.get(id);
    if (node === undefined) continue;
    if (reconnect) passThrough(level, draft, node);
    const now = level.nodes.get(id) ?? node;
    for (const slot of now.inputs) if (slot.link !== null) part(level, draft, slot.link);
    for (const slot of now.outputs) for (const link of slot.links) part(level, draft, link);
    level.nodes.delete(id);
    types.add(node.type);
  }
  pruneSubgraphs(draft, types);
}

/** Let the links that leave a node come from where its inputs come from. */
function passThrough(level: Level, draft: Draft, node: GraphNode): void {
  node.outputs.forEach((output, number) => {
    for (const id of output.links) {
      const target = level.links.get(id);
      if (target === undefined) continue;
      const slot = bypassSlot(node, number, target.type);
      const source = slot === null ? null : (node.inputs[slot]?.link ?? null);
      if (source !== null) splice(level, draft, source, id);
    }
  });
}

/** Let a link start where another one does, through the reroutes of both. */
function splice(level: Level, draft: Draft, source: LinkId, id: LinkId): void {
  const before = level.links.get(source);
  if (before === undefined) return;
  moveStarts(level, draft, [id], before.from);
  if (level.links.get(id)?.from === before.from) extendChain(level, id, before.parent);
}
