/** Nodes of subgraphs that were copied a while ago, fitted to what their subgraphs are now. */

import { inputOfPort, outputOfPort } from './instances.ts';
import { promotedAt } from './marks.ts';
import type { Piece } from '../edits/piece.ts';
import type { GraphNode, Link, LinkId, NodeId, Port, Subgraph } from '../graph.ts';

/** Where the slots of a node have gone: their old numbers to the new ones. */
interface Moved {
  readonly inputs: ReadonlyMap<number, number>;
  readonly outputs: ReadonlyMap<number, number>;
}

/** Return a piece whose nodes of known subgraphs have the slots of their ports; links of ports that are gone are left out. */
export function withPortsOfNow(piece: Piece, subgraphs: ReadonlyMap<string, Subgraph>): Piece {
  const moved = new Map<NodeId, Moved>();
  const nodes = piece.nodes.map((node) => {
    const subgraph = subgraphs.get(node.type);
    if (subgraph === undefined || hasPorts(node, subgraph)) return node;
    moved.set(node.id, {
      inputs: placesOf(node.inputs, subgraph.inputs),
      outputs: placesOf(node.outputs, subgraph.outputs),
    });
    return refitted(node, subgraph);
  });
  return moved.size === 0
    ? piece
    : { ...piece, nodes, links: piece.links.flatMap((link) => follow(link, moved)) };
}

/** Return a subgraph in which nodes of known subgraphs have the slots of their ports; links of ports that are gone are gone. */
export function subgraphWithPortsOfNow(subgraph: Subgraph, known: ReadonlyMap<string, Subgraph>): Subgraph {
  const { nodes, links, groups, reroutes } = subgraph.graph;
  const whole: Piece = {
    nodes: [...nodes.values()],
    links: [...links.values()],
    groups: [...groups.values()],
    reroutes: [...reroutes.values()],
  };
  const fitted = withPortsOfNow(whole, known);
  if (fitted === whole) return subgraph;
  const left = new Map(fitted.links.map((link) => [link.id, link]));
  const graph = {
    ...subgraph.graph,
    nodes: new Map(fitted.nodes.map((node) => [node.id, withLinks(node, left)])),
    links: left,
    reroutes: new Map(
      [...reroutes].map(([id, reroute]) => [id, { ...reroute, links: kept(reroute.links, left) }]),
    ),
  };
  return {
    ...subgraph,
    graph,
    inputs: portsWith(subgraph.inputs, left),
    outputs: portsWith(subgraph.outputs, left),
  };
}

type Links = ReadonlyMap<LinkId, Link>;

function withLinks(node: GraphNode, left: Links): GraphNode {
  const inputs = node.inputs.map((slot) =>
    slot.link !== null && !left.has(slot.link) ? { ...slot, link: null } : slot,
  );
  const outputs = node.outputs.map((slot) => ({ ...slot, links: kept(slot.links, left) }));
  return { ...node, inputs, outputs };
}

function portsWith(ports: readonly Port[], left: Links): Port[] {
  return ports.map((port) => ({ ...port, links: kept(port.links, left) }));
}

function kept(links: readonly LinkId[], left: Links): LinkId[] {
  return links.filter((id) => left.has(id));
}

interface Named {
  readonly name: string;
}

function hasPorts(node: GraphNode, subgraph: Subgraph): boolean {
  return isAlike(node.inputs, subgraph.inputs) && isAlike(node.outputs, subgraph.outputs);
}

function isAlike(slots: readonly Named[], ports: readonly Named[]): boolean {
  return slots.length === ports.length && slots.every(({ name }, index) => name === ports[index]?.name);
}

function placesOf(slots: readonly Named[], ports: readonly Named[]): Map<number, number> {
  const places = slots.map(
    ({ name }, index) => [index, ports.findIndex((port) => port.name === name)] as const,
  );
  return new Map(places.filter(([, place]) => place >= 0));
}

function refitted(node: GraphNode, subgraph: Subgraph): GraphNode {
  const inputs = subgraph.inputs.map((port, index) => {
    const isWidget = promotedAt(subgraph.graph, index) !== null;
    return node.inputs.find(({ name }) => name === port.name) ?? inputOfPort(port, isWidget);
  });
  const outputs = subgraph.outputs.map((port) => {
    return node.outputs.find(({ name }) => name === port.name) ?? outputOfPort(port);
  });
  return { ...node, inputs, outputs };
}

function follow(link: Link, moved: ReadonlyMap<NodeId, Moved>): Link[] {
  const [source, target] = [moved.get(link.from.node), moved.get(link.to.node)];
  const from = source === undefined ? link.from.slot : source.outputs.get(link.from.slot);
  const to = target === undefined ? link.to.slot : target.inputs.get(link.to.slot);
  if (from === undefined || to === undefined) return [];
  return [{ ...link, from: { ...link.from, slot: from }, to: { ...link.to, slot: to } }];
}
