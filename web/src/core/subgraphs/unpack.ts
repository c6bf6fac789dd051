/** Unpacking a subgraph: its nodes take the place of the node that stood for it. */

import { edit, type Draft, type Level } from '../edits/draft.ts';
import { removeFrom } from '../edits/nodes.ts';
import { copyInto, type Copied, type Piece } from '../edits/piece.ts';
import { extendChain, linksFrom, moveStarts } from '../edits/wires.ts';
import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type GraphNode,
  type Json,
  type Link,
  type NodeId,
  type Path,
  type Point,
  type Port,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { findInstances, slotOfPort } from './instances.ts';
import { boundsOfNodes } from './make.ts';
import { proxiesOf } from './promote.ts';

/**
 * Return the workflow with the inside of a subgraph's node in its place. Nodes keep their ids if no other instance
 * needs them. Values set on the node go to the widgets inside.
 */
export function unpackSubgraph(workflow: Workflow, path: Path, id: NodeId): Workflow {
  return edit(workflow, path, (level, draft) => {
    const host = level.nodes.get(id);
    const subgraph = host && workflow.subgraphs.get(host.type);
    if (host === undefined || subgraph === undefined) return;
    const keepsIds = findInstances(workflow, subgraph.id).length === 1;
    const linkAt = (slot: number): Link | undefined => linkInto(level, host, subgraph, slot);
    const startOf = (from: End): End | null =>
      from.node === INPUT_NODE ? (linkAt(from.slot)?.from ?? null) : null;
    const options = { keepsIds, startOf };
    const copied = copyInto(level, draft, insideOf(subgraph), awayFrom(host, subgraph), options);
    for (const { old, id: link } of copied.fromOutside) {
      extendChain(level, link, linkAt(old.from.slot)?.parent ?? null);
    }
    wireOutputs(level, draft, host, subgraph, copied);
    setInside(level, host, subgraph, copied);
    removeFrom(level, draft, [id], false);
  });
}

/** Return the inside of a subgraph with the links that its inputs give, without those that lead to its outputs. */
function insideOf(subgraph: Subgraph): Piece {
  const { nodes, links, reroutes, groups } = subgraph.graph;
  return {
    nodes: [...nodes.values()],
    links: [...links.values()].filter(({ to }) => to.node !== OUTPUT_NODE),
    reroutes: [...reroutes.values()],
    groups: [...groups.values()],
  };
}

/** Return how far the inside moves so that its middle is where the middle of the node was. */
function awayFrom(host: GraphNode, subgraph: Subgraph): Point {
  const nodes = [...subgraph.graph.nodes.values()];
  if (nodes.length === 0) return [0, 0];
  const bounds = boundsOfNodes(nodes);
  return [
    host.pos[0] + host.size[0] / 2 - bounds.x - bounds.width / 2,
    host.pos[1] + host.size[1] / 2 - bounds.y - bounds.height / 2,
  ];
}

/** Return the link that gives an input of the subgraph from outside. */
function linkInto(level: Level, host: GraphNode, subgraph: Subgraph, index: number): Link | undefined {
  const port = subgraph.inputs[index];
  const slot = port && host.inputs[slotOfPort(host.inputs, port, index)];
  return slot === undefined || slot.link === null ? undefined : level.links.get(slot.link);
}

/** Let the links that leave the node come from the outputs inside. */
function wireOutputs(level: Level, draft: Draft, host: GraphNode, subgraph: Subgraph, copied: Copied): void {
  subgraph.outputs.forEach((port, slot) => {
    const link = subgraph.graph.links.get(port.links[0] ?? '');
    if (link === undefined) return;
    const node = copied.nodes.get(link.from.node);
    const isThrough = link.from.node === INPUT_NODE;
    const outside = isThrough ? linkInto(level, host, subgraph, link.from.slot)?.from : undefined;
    const from = node === undefined ? outside : { node, slot: link.from.slot };
    if (from !== undefined) moveStarts(level, draft, linksFrom(level, { node: host.id, slot }), from);
  });
}

/** Give the values that the node set to the widgets inside. */
function setInside(level: Level, host: GraphNode, subgraph: Subgraph, copied: Copied): void {
  for (const { node, widget, value } of [...valuesOfProxies(host), ...valuesOfPorts(host, subgraph)]) {
    level.nodes.change(copied.nodes.get(node) ?? '', (inner) => ({
      ...inner,
      widgets: { ...inner.widgets, [widget]: value },
    }));
  }
}

interface ValueInside {
  readonly node: NodeId;
  readonly widget: string;
  readonly value: Json;
}

/** Where a link gives the input, the widgets inside keep their own values: they may differ from each other. */
function valuesOfPorts(host: GraphNode, { graph, inputs }: Subgraph): ValueInside[] {
  return [...graph.links.values()].flatMap(({ from, to }) => {
    const port = from.node === INPUT_NODE ? inputs[from.slot] : undefined;
    const isLinked = port !== undefined && isGiven(host, port, from.slot);
    const value = port === undefined || isLinked ? undefined : host.widgets[port.name];
    const widget = graph.nodes.get(to.node)?.inputs[to.slot]?.widget ?? null;
    return widget === null || value === undefined ? [] : [{ node: to.node, widget, value }];
  });
}

function isGiven(host: GraphNode, port: Port, index: number): boolean {
  return (host.inputs[slotOfPort(host.inputs, port, index)]?.link ?? null) !== null;
}

function valuesOfProxies(host: GraphNode): ValueInside[] {
  return proxiesOf(host).flatMap(({ key, node, widget }) => {
    const value = host.widgets[key];
    return value === undefined ? [] : [{ node, widget, value }];
  });
}
