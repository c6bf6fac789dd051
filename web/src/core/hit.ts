/** What is at a point of the graph: sockets before nodes, nodes before links, links before groups. */

import { distanceTo } from './curves.ts';
import { GROUP_HEADER } from './geometry.ts';
import type { GroupId, LinkId, NodeId, Point, Rect, RerouteId } from './graph.ts';
import type { PlacedNode, Scene } from './scene.ts';

export type Target =
  | { readonly kind: 'empty' }
  | { readonly kind: 'node'; readonly node: NodeId; readonly part: 'header' | 'body' | 'corner' }
  | { readonly kind: 'input' | 'output'; readonly node: NodeId; readonly slot: number }
  | { readonly kind: 'link' | 'middle'; readonly link: LinkId }
  | { readonly kind: 'reroute'; readonly reroute: RerouteId }
  | { readonly kind: 'group'; readonly group: GroupId; readonly part: 'header' | 'corner' };

export interface HitOptions {
  /** How far beside a thing counts, in graph units; more on touch and when zoomed out. */
  readonly reach: number;
  /** Those that are drawn over the others. */
  readonly front: ReadonlySet<NodeId>;
  /** Whether links can be hit. */
  readonly hasLinks: boolean;
}

export const EMPTY_TARGET: Target = { kind: 'empty' };
const CORNER = 14;
const SLOT_REACH = 11; // half a slot row: sockets never take from each other

/** Return what is at a point. */
export function hit(scene: Scene, point: Point, options: HitOptions): Target {
  const near = around(point, Math.max(options.reach, SLOT_REACH));
  const nodes = sortedToFront(scene, scene.nodesIn(near), options.front);
  for (const id of nodes) {
    const target = hitNode(scene.nodes.get(id)!, point, options.reach);
    if (target !== undefined) return target;
  }
  return (
    hitReroute(scene, point, options) ??
    hitLink(scene, point, options) ??
    hitGroup(scene, point) ??
    EMPTY_TARGET
  );
}

function around([x, y]: Point, reach: number): Rect {
  return { x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach };
}

function sortedToFront(scene: Scene, ids: NodeId[], front: ReadonlySet<NodeId>): NodeId[] {
  const height = (id: NodeId) => scene.rank(id) + (front.has(id) ? 1e9 : 0);
  return ids.sort((a, b) => height(b) - height(a));
}

function hitNode(placed: PlacedNode, point: Point, reach: number): Target | undefined {
  const { node, layout, bounds } = placed;
  const socket = hitSocket(placed, point, Math.min(SLOT_REACH, Math.max(reach, 8)));
  if (socket !== undefined) return socket;
  if (!contains(bounds, point)) return undefined;
  const [x, y] = [point[0] - node.pos[0], point[1] - node.pos[1]];
  const isCorner = !node.isCollapsed && x > layout.size[0] - CORNER && y > layout.size[1] - CORNER;
  return { kind: 'node', node: node.id, part: isCorner ? 'corner' : y < 0 ? 'header' : 'body' };
}

/** A collapsed node has its sockets in one place: the first linked one counts. */
function hitSocket({ node, layout }: PlacedNode, point: Point, reach: number): Target | undefined {
  const offset: Point = [point[0] - node.pos[0], point[1] - node.pos[1]];
  for (const [kind, places] of [
    ['input', layout.inputs],
    ['output', layout.outputs],
  ] as const) {
    const slot = places.findIndex((place) => place !== null && isNear(place, offset, reach));
    if (slot >= 0) return { kind, node: node.id, slot };
  }
  return undefined;
}

function isNear(a: Point, b: Point, reach: number): boolean {
  return Math.abs(a[0] - b[0]) <= reach && Math.abs(a[1] - b[1]) <= reach;
}

function hitReroute(scene: Scene, point: Point, { reach, hasLinks }: HitOptions): Target | undefined {
  if (!hasLinks) return undefined;
  const found = scene.reroutesIn(around(point, Math.max(reach, 9))).at(-1);
  return found && { kind: 'reroute', reroute: found.id };
}

function hitLink(scene: Scene, point: Point, { reach, hasLinks }: HitOptions): Target | undefined {
  if (!hasLinks) return undefined;
  let best: { id: LinkId; distance: number } | undefined;
  for (const id of scene.linksIn(around(point, reach))) {
    const { curve } = scene.links.get(id)!;
    if (isNear(curve.middle, point, reach + 3)) return { kind: 'middle', link: id };
    const distance = distanceTo(curve, point);
    if (distance <= reach && distance < (best?.distance ?? Infinity)) best = { id, distance };
  }
  return best && { kind: 'link', link: best.id };
}

/** Of groups that lie in each other, the smaller is taken. */
function hitGroup(scene: Scene, point: Point): Target | undefined {
  const groups = scene.groupsIn(around(point, 0)).map((id) => scene.graph.groups.get(id)!);
  groups.sort((a, b) => a.bounds.width * a.bounds.height - b.bounds.width * b.bounds.height);
  for (const { id, bounds } of groups) {
    const [right, bottom] = [bounds.x + bounds.width, bounds.y + bounds.height];
    if (point[0] > right - CORNER && point[1] > bottom - CORNER)
      return { kind: 'group', group: id, part: 'corner' };
    if (point[1] < bounds.y + GROUP_HEADER) return { kind: 'group', group: id, part: 'header' };
  }
  return undefined;
}

export function contains(rect: Rect, [x, y]: Point): boolean {
  return x >= rect.x && x <= rect.x + rect.width && y >= rect.y && y <= rect.y + rect.height;
}
