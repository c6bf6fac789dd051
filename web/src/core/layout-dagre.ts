/**
 * The layout itself: each connected part in layers from left to right (Sugiyama, by dagre, large ones by layout-quick.ts), parts below each other,
 * boxes without any link in rows under them.
 */

import * as dagre from '@dagrejs/dagre';
import type { Point } from './graph.ts';
import { quickLayout } from './layout-quick.ts';
import type { Box, LayoutRequest } from './layout.ts';

const LAYER_GAP = 70;
const BOX_GAP = 30;
const PART_GAP = 80;
const LOOSE_WIDTH = 2000; // at least, of the rows of boxes without links
const MANY = 250; // boxes of a part from which on dagre takes seconds

/** Return the upper left corner of every box. */
export function layout({ boxes, edges, corner }: LayoutRequest): Map<string, Point> {
  const parts = partsOf(boxes, edges).sort((one, other) => other.length - one.length);
  const places = new Map<string, Point>();
  let [top, width] = [corner[1], LOOSE_WIDTH];
  for (const part of parts.filter((each) => each.length > 1)) {
    const laid = layoutPart(part, edges);
    for (const [id, [x, y]] of laid.places) places.set(id, [corner[0] + x, top + y]);
    top += laid.height + PART_GAP;
    width = Math.max(width, laid.width);
  }
  const loose = parts.filter((part) => part.length === 1).flat();
  for (const [id, [x, y]] of rowsOf(loose, width)) places.set(id, [corner[0] + x, top + y]);
  return places;
}

interface Laid {
  readonly places: Map<string, Point>;
  readonly width: number;
  readonly height: number;
}

function layoutPart(part: readonly Box[], edges: LayoutRequest['edges']): Laid {
  if (part.length < MANY) return layoutByDagre(part, edges);
  const middles = quickLayout(part, edges, { column: LAYER_GAP, row: BOX_GAP });
  return corners(part, (id) => middles.get(id) ?? [0, 0]);
}

function layoutByDagre(part: readonly Box[], edges: LayoutRequest['edges']): Laid {
  const ids = new Set(part.map(({ id }) => id));
  const graph = new dagre.graphlib.Graph();
  graph.setDefaultEdgeLabel(() => ({}));
  graph.setGraph({ rankdir: 'LR', nodesep: BOX_GAP, ranksep: LAYER_GAP });
  for (const { id, width, height } of part) graph.setNode(id, { width, height });
  for (const [from, to] of edges) if (ids.has(from)) graph.setEdge(from, to);
  dagre.layout(graph);
  return corners(part, (id) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return [x, y];
  });
}

/** Return corners from middles, so that the first is at 0, 0. */
function corners(part: readonly Box[], middle: (id: string) => Point): Laid {
  const rects = part.map(({ id, width, height }) => {
    const [x, y] = middle(id);
    return { id, x: x - width / 2, y: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  });
  const left = Math.min(...rects.map(({ x }) => x));
  const top = Math.min(...rects.map(({ y }) => y));
  return {
    places: new Map(rects.map(({ id, x, y }) => [id, [Math.round(x - left), Math.round(y - top)]])),
    width: Math.max(...rects.map(({ right }) => right)) - left,
    height: Math.max(...rects.map(({ bottom }) => bottom)) - top,
  };
}

/** Return the boxes of each part that links hold together. */
export function partsOf(boxes: readonly Box[], edges: LayoutRequest['edges']): Box[][] {
  const head = new Map(boxes.map(({ id }) => [id, id]));
  const headOf = (id: string): string => {
    let at = id;
    for (let next = head.get(at) ?? at; next !== at; next = head.get(at) ?? at) {
      head.set(at, head.get(next) ?? next);
      at = next;
    }
    return at;
  };
  for (const [from, to] of edges) head.set(headOf(from), headOf(to));
  const parts = new Map<string, Box[]>();
  for (const box of boxes) {
    const key = headOf(box.id);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [box]);
    else part.push(box);
  }
  return [...parts.values()];
}

function rowsOf(boxes: readonly Box[], most: number): Map<string, Point> {
  const places = new Map<string, Point>();
  let [x, y, height] = [0, 0, 0];
  for (const box of boxes) {
    if (x > 0 && x + box.width > most) [x, y, height] = [0, y + height + BOX_GAP, 0];
    places.set(box.id, [x, y]);
    x += box.width + BOX_GAP;
    height = Math.max(height, box.height);
  }
  return places;
}
