/**
 * What the canvas shows of one level of a workflow: nodes and links with their places, found by place.
 * A graph is compared with the one before by identity, so that a change costs what it touches.
 *
 *     const scene = new Scene();
 *     scene.show(graph, (node) => specs.get(node.type));
 *     scene.nodesIn(rect);
 */

import { curveOf, type Curve, type LinkStyle } from './curves.ts';
import { boundsOf, layoutOf, type NodeLayout } from './geometry.ts';
import {
  EMPTY_GRAPH,
  type End,
  type Graph,
  type GraphNode,
  type GroupId,
  type Link,
  type LinkId,
  type NodeId,
  type Point,
  type Rect,
  type Reroute,
  type RerouteId,
} from './graph.ts';
import { SpatialIndex } from './spatial.ts';
import type { NodeSpec } from './specs.ts';

export type SpecOf = (node: GraphNode) => NodeSpec | undefined;

/** A node where it is shown. */
export interface PlacedNode {
  readonly node: GraphNode;
  readonly spec: NodeSpec | undefined;
  readonly layout: NodeLayout;
  readonly bounds: Rect;
  /** The least height of what a run showed in it. */
  readonly extra: number;
}

export interface PlacedLink {
  readonly link: Link;
  readonly curve: Curve;
}

const NO_EXTRA: ReadonlyMap<NodeId, number> = new Map();

export class Scene {
  graph: Graph = EMPTY_GRAPH;
  /** Grows with every change, so that others know whether they are late. */
  version = 0;
  readonly nodes = new Map<NodeId, PlacedNode>();
  readonly links = new Map<LinkId, PlacedLink>();
  readonly #nodeIndex = new SpatialIndex<NodeId>();
  readonly #linkIndex = new SpatialIndex<LinkId>();
  readonly #ranks = new Map<NodeId, number>();
  #ports: readonly GraphNode[] = [];
  #specOf: SpecOf = () => undefined;
  #style: LinkStyle = 'curve';
  #extra = NO_EXTRA;

  /** Show a graph. `ports` are the nodes that stand for the inputs and outputs of a subgraph, seen from inside. */
  show(graph: Graph, specOf: SpecOf, ports: readonly GraphNode[] = [], extra = this.#extra): void {
    const before = this.graph;
    const isSame = graph.nodes === before.nodes && ports === this.#ports && specOf === this.#specOf;
    this.#ports = ports;
    this.#specOf = specOf;
    this.graph = graph;
    const late = new Set<LinkId>();
    if (!isSame || extra !== this.#extra) this.#showNodes(extra, late);
    this.#extra = extra;
    this.#findChangedLinks(before, late);
    for (const id of late) this.#placeLink(id);
    this.version++;
  }

  set style(style: LinkStyle) {
    if (style === this.#style) return;
    this.#style = style;
    for (const id of this.graph.links.keys()) this.#placeLink(id);
    this.version++;
  }

  get style(): LinkStyle {
    return this.#style;
  }

  nodesIn(rect: Rect): NodeId[] {
    return this.#nodeIndex.query(rect);
  }

  linksIn(rect: Rect): LinkId[] {
    return this.#linkIndex.query(rect);
  }

  groupsIn(rect: Rect): GroupId[] {
    const found: GroupId[] = [];
    for (const [id, { bounds }] of this.graph.groups) {
      const isBeside = bounds.x > rect.x + rect.width || rect.x > bounds.x + bounds.width;
      const isAbove = bounds.y > rect.y + rect.height || rect.y > bounds.y + bounds.height;
      if (!isBeside && !isAbove) found.push(id);
    }
    return found;
  }

  reroutesIn(rect: Rect): Reroute[] {
    return [...this.graph.reroutes.values()].filter(({ pos: [x, y] }) => {
      return x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height;
    });
  }

  /** Return how far to the front a node is: later ones cover earlier ones. */
  rank(id: NodeId): number {
    return this.#ranks.get(id) ?? -1;
  }

  /** Return the place of a socket. */
  socketAt(side: 'input' | 'output', { node, slot }: End): Point | undefined {
    const placed = this.nodes.get(node);
    const offset = placed && (side === 'input' ? placed.layout.inputs : placed.layout.outputs)[slot];
    if (placed === undefined || offset === undefined || offset === null) return undefined;
    return [placed.node.pos[0] + offset[0], placed.node.pos[1] + offset[1]];
  }

  /** Return the rectangle around nodes (all, if none are named) and groups; undefined if there is nothing. */
  boundsOf(ids?: Iterable<NodeId>): Rect | undefined {
    const rects: Rect[] = [];
    for (const id of ids ?? this.nodes.keys()) {
      const placed = this.nodes.get(id);
      if (placed !== undefined) rects.push(placed.bounds);
    }
    if (ids === undefined) for (const group of this.graph.groups.values()) rects.push(group.bounds);
    return around(rects);
  }

  #showNodes(extra: ReadonlyMap<NodeId, number>, late: Set<LinkId>): void {
    let rank = 0;
    for (const node of this.graph.nodes.values()) this.#showNode(node, rank++, extra.get(node.id) ?? 0, late);
    for (const node of this.#ports) this.#showNode(node, rank++, 0, late);
    if (rank === this.nodes.size) return;
    const ports = new Set(this.#ports.map((node) => node.id));
    for (const [id, { node }] of this.nodes) {
      if (this.graph.nodes.has(id) || ports.has(id)) continue;
      this.nodes.delete(id);
      this.#nodeIndex.delete(id);
      this.#ranks.delete(id);
      addLinksOf(node, late);
    }
  }

  #showNode(node: GraphNode, rank: number, extra: number, late: Set<LinkId>): void {
    const { id } = node;
    if (this.#ranks.get(id) !== rank) this.#ranks.set(id, rank);
    const before = this.nodes.get(id);
    const spec = this.#specOf(node);
    if (before?.node === node && before.spec === spec && before.extra === extra) return;
    const isMoved = before !== undefined && before.spec === spec && before.extra === extra;
    const layout = isMoved && hasSameShape(before.node, node) ? before.layout : layoutOf(node, spec, extra);
    const placed = { node, spec, layout, bounds: boundsOf(node, layout), extra };
    this.nodes.set(id, placed);
    this.#nodeIndex.set(id, placed.bounds);
    addLinksOf(node, late);
  }

  #findChangedLinks(before: Graph, late: Set<LinkId>): void {
    const { links, reroutes } = this.graph;
    if (links !== before.links) {
      for (const [id, link] of links) if (this.links.get(id)?.link !== link) late.add(id);
      for (const id of before.links.keys()) if (!links.has(id)) late.add(id);
    }
    if (reroutes === before.reroutes) return;
    const changed = new Set<RerouteId>();
    for (const [id, reroute] of reroutes) if (before.reroutes.get(id) !== reroute) changed.add(id);
    for (const link of links.values()) {
      if (chainOf(reroutes, link).some((reroute) => changed.has(reroute.id))) late.add(link.id);
    }
  }

  #placeLink(id: LinkId): void {
    const link = this.graph.links.get(id);
    const from = link && this.socketAt('output', link.from);
    const to = link && this.socketAt('input', link.to);
    if (link === undefined || from === undefined || to === undefined) {
      this.links.delete(id);
      this.#linkIndex.delete(id);
      return;
    }
    const through = chainOf(this.graph.reroutes, link).map((reroute) => reroute.pos);
    const curve = curveOf([from, ...through, to], this.#style);
    this.links.set(id, { link, curve });
    this.#linkIndex.set(id, curve.bounds);
  }
}

/** Return the reroutes of a link from its output on. */
export function chainOf(reroutes: ReadonlyMap<RerouteId, Reroute>, link: Link): Reroute[] {
  const chain: Reroute[] = [];
  for (let id = link.parent; id !== null;) {
    const reroute = reroutes.get(id);
    if (reroute === undefined || chain.includes(reroute)) break; // a file may say anything
    chain.unshift(reroute);
    id = reroute.parent;
  }
  return chain;
}

/** Return the rectangle around rectangles; undefined for none. */
export function around(rects: readonly Rect[]): Rect | undefined {
  if (rects.length === 0) return undefined;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function addLinksOf(node: GraphNode, ids: Set<LinkId>): void {
  for (const { link } of node.inputs) if (link !== null) ids.add(link);
  for (const { links } of node.outputs) for (const link of links) ids.add(link);
}

function hasSameShape(a: GraphNode, b: GraphNode): boolean {
  const isSlotted = a.inputs === b.inputs && a.outputs === b.outputs && a.isCollapsed === b.isCollapsed;
  return isSlotted && a.size === b.size && a.title === b.title && a.type === b.type;
}
