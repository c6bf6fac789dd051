/**
 * Making a subgraph of what is selected. Links that cross its border get ports: one for each output outside that leads
 * in, one for each output inside that leads out.
 *
 *     makeSubgraph(workflow, path, selection, 'Upscale', crypto.randomUUID());
 */

import { edit, type Draft, type Level } from '../edits/draft.ts';
import { copyInto, pieceOf } from '../edits/piece.ts';
import { removeFrom } from '../edits/nodes.ts';
import { attach, isSameEnd, join, moveStarts, part } from '../edits/wires.ts';
import {
  EMPTY_GRAPH,
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type GraphNode,
  type Link,
  type NodeId,
  type Path,
  type Point,
  type Port,
  type Rect,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import type { Selection } from '../editor.ts';
import { freeName, instanceOf } from './instances.ts';

const ENDS_AWAY = 200; // from the nodes inside to the blocks of ports

/** Links that share a port. */
interface Crossing {
  readonly from: End;
  readonly links: Link[];
}

/**
 * Return the workflow with the selected nodes (and groups) in a new subgraph `id`, and a node for it in their place,
 * which gets the id that nextNodeId told before. The same workflow if no node is selected.
 */
export function makeSubgraph(
  workflow: Workflow,
  path: Path,
  items: Selection,
  name: string,
  id: string,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const piece = pieceOf(level.graph, items);
    if (piece.nodes.length === 0) return;
    const chosen = new Set(piece.nodes.map((node) => node.id));
    const links = [...level.links.map.values()];
    const incoming = crossings(links.filter(({ from, to }) => !chosen.has(from.node) && chosen.has(to.node)));
    const outgoing = crossings(links.filter(({ from, to }) => chosen.has(from.node) && !chosen.has(to.node)));
    const bounds = boundsOfNodes(piece.nodes);
    const definition = newDefinition(id, name, bounds, portsOf(level, incoming, outgoing));
    draft.subgraphs.set(id, definition);
    const inner = draft.level(id) as Level;
    copyInto(inner, draft, piece, [0, 0], { keepsIds: true });
    wireInside(inner, draft, incoming, outgoing);
    const host = addHost(level, draft, inner, definition, bounds);
    wireOutside(level, draft, host, incoming, outgoing);
    removeFrom(level, draft, chosen, false);
    for (const group of piece.groups) level.groups.delete(group.id);
  });
}

function crossings(links: readonly Link[]): Crossing[] {
  const found: Crossing[] = [];
  for (const link of links) {
    const known = found.find(({ from }) => isSameEnd(from, link.from));
    if (known === undefined) found.push({ from: link.from, links: [link] });
    else known.links.push(link);
  }
  return found;
}

interface Ports {
  readonly inputs: Port[];
  readonly outputs: Port[];
}

function portsOf(level: Level, incoming: readonly Crossing[], outgoing: readonly Crossing[]): Ports {
  const [inputs, outputs]: [Port[], Port[]] = [[], []];
  for (const { links } of incoming) {
    const [first] = links as [Link];
    const slot = level.nodes.get(first.to.node)?.inputs[first.to.slot];
    inputs.push(newPort(slot?.name ?? first.type, slot?.type ?? '*', first.type, inputs));
  }
  for (const { from, links } of outgoing) {
    const slot = level.nodes.get(from.node)?.outputs[from.slot];
    const type = links[0]?.type ?? '*';
    outputs.push(newPort(slot?.name ?? type, slot?.type ?? '*', type, outputs));
  }
  return { inputs, outputs };
}

function newPort(name: string, type: string, linkType: string, others: readonly Port[]): Port {
  const free = freeName(name, others);
  return { id: '', name: free, type: type === '*' ? linkType : type, label: null, links: [], raw: {} };
}

function newDefinition(id: string, name: string, bounds: Rect, ports: Ports): Subgraph {
  const middle = bounds.y + bounds.height / 2;
  return {
    id,
    name,
    graph: EMPTY_GRAPH,
    inputs: ports.inputs.map((port, index) => ({ ...port, id: portId(id, 'input', index) })),
    outputs: ports.outputs.map((port, index) => ({ ...port, id: portId(id, 'output', index) })),
    inputPos: [bounds.x - ENDS_AWAY, middle],
    outputPos: [bounds.x + bounds.width + ENDS_AWAY / 2, middle],
    raw: {},
  };
}

/** Return an id for a port, in the form of a UUID that comes from the subgraph's. */
export function portId(subgraph: string, side: 'input' | 'output', count: number): string {
  const hex = [...`${subgraph}/${side}/${count}`].reduce(
    (words, letter, index) => {
      const at = index % 4;
      return words.with(at, (Math.imul(words[at] ?? 0, 16777619) ^ (letter.codePointAt(0) ?? 0)) >>> 0);
    },
    [2166136261, 2166136262, 2166136263, 2166136264],
  );
  const text = hex.map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`;
}

function wireInside(
  inner: Level,
  draft: Draft,
  incoming: readonly Crossing[],
  outgoing: readonly Crossing[],
): void {
  incoming.forEach(({ links }, slot) => {
    const from = { node: INPUT_NODE, slot };
    for (const { to, type } of links) {
      attach(inner, { id: draft.newLinkId(inner), from, to, type, parent: null, raw: {} });
    }
  });
  outgoing.forEach(({ from, links }, slot) => {
    const [to, type] = [{ node: OUTPUT_NODE, slot }, links[0]?.type ?? '*'];
    attach(inner, { id: draft.newLinkId(inner), from, to, type, parent: null, raw: {} });
  });
}

function addHost(level: Level, draft: Draft, inner: Level, definition: Subgraph, bounds: Rect): NodeId {
  const id = draft.newNodeId(level);
  const { inputs, outputs } = inner;
  const node = instanceOf({ ...definition, graph: inner.result(), inputs, outputs }, id, [0, 0]);
  const pos: Point = [
    bounds.x + (bounds.width - node.size[0]) / 2,
    bounds.y + (bounds.height - node.size[1]) / 2,
  ];
  level.nodes.set(id, { ...node, pos });
  return id;
}

function wireOutside(
  level: Level,
  draft: Draft,
  host: NodeId,
  incoming: readonly Crossing[],
  outgoing: readonly Crossing[],
): void {
  outgoing.forEach(({ links }, slot) => {
    const ids = links.map(({ id }) => id);
    moveStarts(level, draft, ids, { node: host, slot });
  });
  incoming.forEach(({ from, links }, slot) => {
    join(level, draft, from, { node: host, slot }, links[0]?.parent ?? null);
    for (const { id } of links) part(level, draft, id);
  });
}

/** Return the rectangle around nodes, without their headers. */
export function boundsOfNodes(nodes: readonly GraphNode[]): Rect {
  const x = Math.min(...nodes.map(({ pos }) => pos[0]));
  const y = Math.min(...nodes.map(({ pos }) => pos[1]));
  const right = Math.max(...nodes.map(({ pos, size }) => pos[0] + size[0]));
  const bottom = Math.max(...nodes.map(({ pos, size }) => pos[1] + size[1]));
  return { x, y, width: right - x, height: bottom - y };
}
