/** Unpacking a subgraph: its nodes take the place of the node that stood for it. */

import { edit, type Draft, type Level } from '../edits/draft.ts';
import { removeFrom } from '../edits/nodes.ts';
import { copyInto, type Copied, type Piece } from '../edits/piece.ts';
import { extendChain, linksFrom, moveStarts } from '../edits/wires.ts';
import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type Graph,
  type GraphNode,
  type Json,
  type Link,
  type NodeId,
  type Path,
  type Point,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { findInstances, promotedAt } from './instances.ts';
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
    const startOf = (from: End): End | null =>
      from.node === INPUT_NODE ? sourceOf(level, host, from.slot) : null;
    const copied = copyInto(level, draft, insideOf(subgraph), awayFrom(host, subgraph), {
      keepsIds,
      startOf,
    });
    for (const { old, id: link } of copied.fromOutside) {
      extendChain(level, link, linkIntoHost(level, host, old.from.slot)?.parent ?? null);
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

function linkIntoHost(level: Level, host: GraphNode, slot: number): Link | undefined {
  const link = host.inputs[slot]?.link ?? null;
  return link === null ? undefined : level.links.get(link);
}

function sourceOf(level: Level, host: GraphNode, slot: number): End | null {
  return linkIntoHost(level, host, slot)?.from ?? null;
}

/** Let the links that leave the node come from the outputs inside. */
function wireOutputs(level: Level, draft: Draft, host: GraphNode, subgraph: Subgraph, copied: Copied): void {
  subgraph.outputs.forEach((port, slot) => {
    const link = subgraph.graph.links.get(port.links[0] ?? '');
    if (link === undefined) return;
    const node = copied.nodes.get(link.from.node);
    const outside = link.from.node === INPUT_NODE ? sourceOf(level, host, link.from.slot) : null;
    const from = node === undefined ? outside : { node, slot: link.from.slot };
    if (from !== null) moveStarts(level, draft, linksFrom(level, { node: host.id, slot }), from);
  });
}

/** Give the values that the node set to the widgets inside. */
function setInside(level: Level, host: GraphNode, subgraph: Subgraph, copied: Copied): void {
  for (const { node, widget, value } of valuesInside(host, subgraph.inputs, subgraph.graph)) {
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

function valuesInside(host: GraphNode, ports: Subgraph['inputs'], graph: Graph): ValueInside[] {
  const byPort = ports.flatMap((port, index) => {
    const inner = promotedAt(graph, index);
    const value = host.widgets[port.name];
    return inner === null || value === undefined ? [] : [{ ...inner, value }];
  });
  const byProxy = proxiesOf(host).flatMap((proxy) => {
    const value = host.widgets[proxy.key];
    return value === undefined ? [] : [{ node: proxy.node, widget: proxy.widget, value }];
  });
  return [...byProxy, ...byPort];
}
