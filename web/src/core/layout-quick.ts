/**
 * A quick layout for parts of graphs that are too large for dagre: its time grows with boxes and edges only. Boxes go
 * into columns by the longest way that leads to them; in each column they are ordered by the middle of those they
 * are linked to, and pushed apart where they overlap.
 */

import type { Point } from './graph.ts';
import type { Box, LayoutRequest } from './layout.ts';

const SWEEPS = 6;

export interface Gaps {
  readonly column: number;
  readonly row: number;
}

/** Return the middles of boxes. */
export function quickLayout(
  boxes: readonly Box[],
  edges: LayoutRequest['edges'],
  gaps: Gaps,
): Map<string, Point> {
  const links = new Links(boxes, edges);
  const columns = columnsOf(boxes, links);
  const middles = new Map<string, number>();
  for (const column of columns) stackColumn(column, gaps.row, middles);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const order = isForward ? columns : columns.toReversed();
    for (const column of order)
      settleColumn(column, isForward ? links.before : links.after, gaps.row, middles);
  }
  return placed(columns, middles, gaps.column);
}

/** Neighbours by id. Edges that would close a circle are turned around. */
class Links {
  readonly before = new Map<string, string[]>();
  readonly after = new Map<string, string[]>();
  readonly order: readonly string[];

  constructor(boxes: readonly Box[], edges: LayoutRequest['edges']) {
    const ids = new Set(boxes.map(({ id }) => id));
    const known = edges.filter(([from, to]) => ids.has(from) && ids.has(to) && from !== to);
    this.order = finishOrder(ids, known);
    const place = new Map(this.order.map((id, index) => [id, index]));
    for (const [one, other] of known) {
      const isBack = (place.get(one) ?? 0) > (place.get(other) ?? 0);
      const [from, to] = isBack ? [other, one] : [one, other];
      push(this.after, from, to);
      push(this.before, to, from);
    }
  }
}

/** Return ids so that each comes before those it leads to, but for edges that close a circle. */
function finishOrder(ids: ReadonlySet<string>, edges: LayoutRequest['edges']): string[] {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) push(next, from, to);
  const seen = new Set<string>();
  const done: string[] = [];
  for (const start of ids) {
    const left: [string, number][] = seen.has(start) ? [] : [[start, 0]];
    seen.add(start);
    for (let top = left.at(-1); top !== undefined; top = left.at(-1)) {
      const child = next.get(top[0])?.[top[1]];
      top[1] += 1;
      if (child === undefined) {
        done.push(top[0]);
        left.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        left.push([child, 0]);
      }
    }
  }
  return done.reverse();
}

function columnsOf(boxes: readonly Box[], links: Links): Box[][] {
  const rank = new Map<string, number>();
  for (const id of links.order) {
    const before = links.before.get(id) ?? [];
    rank.set(
      id,
      before.reduce((most, other) => Math.max(most, (rank.get(other) ?? 0) + 1), 0),
    );
  }
  for (const id of links.order.toReversed()) {
    const after = links.after.get(id) ?? [];
    if (after.length > 0)
      rank.set(
        id,
        after.reduce((least, other) => Math.min(least, (rank.get(other) ?? 0) - 1), Infinity),
      );
  }
  const columns: Box[][] = [];
  for (const box of boxes) (columns[rank.get(box.id) ?? 0] ??= []).push(box);
  return columns.filter((column) => column !== undefined);
}

function stackColumn(column: readonly Box[], gap: number, middles: Map<string, number>): void {
  let y = 0;
  for (const { id, height } of column) {
    middles.set(id, y + height / 2);
    y += height + gap;
  }
}

/** Order a column by where its neighbours are, and put each box as near to that as the others let it. */
function settleColumn(
  column: Box[],
  neighbours: ReadonlyMap<string, readonly string[]>,
  gap: number,
  middles: Map<string, number>,
): void {
  const wish = new Map<string, number>();
  for (const { id } of column) {
    const others = neighbours.get(id) ?? [];
    const sum = others.reduce((total, other) => total + (middles.get(other) ?? 0), 0);
    wish.set(id, others.length > 0 ? sum / others.length : (middles.get(id) ?? 0));
  }
  column.sort((one, other) => (wish.get(one.id) ?? 0) - (wish.get(other.id) ?? 0));
  const blocks: Block[] = [];
  for (const box of column) addBox(blocks, box, wish.get(box.id) ?? 0, gap);
  for (const { boxes, top } of blocks) {
    let y = top;
    for (const { id, height } of boxes) {
      middles.set(id, y + height / 2);
      y += height + gap;
    }
  }
}

/** Boxes that touch: they share what is left of their wishes. */
interface Block {
  readonly boxes: Box[];
  top: number;
  height: number;
}

function addBox(blocks: Block[], box: Box, wish: number, gap: number): void {
  let block: Block = { boxes: [box], top: wish - box.height / 2, height: box.height + gap };
  for (
    let last = blocks.at(-1);
    last !== undefined && last.top + last.height > block.top;
    last = blocks.at(-1)
  ) {
    const wanted = block.top - last.height; // where the block would like the upper one to start
    const share = block.boxes.length / (block.boxes.length + last.boxes.length);
    const top = last.top + (wanted - last.top) * share;
    for (const each of block.boxes) last.boxes.push(each);
    block = { boxes: last.boxes, top, height: last.height + block.height };
    blocks.pop();
  }
  blocks.push(block);
}

function placed(
  columns: readonly Box[][],
  middles: ReadonlyMap<string, number>,
  gap: number,
): Map<string, Point> {
  const points = new Map<string, Point>();
  let x = 0;
  for (const column of columns) {
    const width = column.reduce((most, box) => Math.max(most, box.width), 0);
    for (const box of column) points.set(box.id, [x + width / 2, middles.get(box.id) ?? 0]);
    x += width + gap;
  }
  return points;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
