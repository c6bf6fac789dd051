/** Nodes of subgraphs that were copied a while ago, fitted to what their subgraphs are now. */

import { inputOfPort, outputOfPort, promotedAt } from './instances.ts';
import type { Piece } from '../edits/piece.ts';
import type { GraphNode, Link, NodeId, Subgraph } from '../graph.ts';

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
