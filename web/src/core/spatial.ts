/**
 * What lies in a rectangle: an index of rectangles by place, in grids of growing cells. A rectangle is kept in the
 * grid whose cells are at least its size, so it covers four cells at most, however large it is.
 *
 *     const index = new SpatialIndex<NodeId>();
 *     index.set('7', { x: 0, y: 0, width: 200, height: 90 });
 *     index.query({ x: -10, y: -10, width: 20, height: 20 }); // ['7']
 */

import type { Rect } from './graph.ts';

const LEAST_CELL = 256;
const MOST_LEVELS = 16; // cells of 8 million units; what is larger is kept there too and covers more cells

interface Level<K> {
  readonly cell: number;
  readonly cells: Map<number, Set<K>>;
  readonly keys: Set<K>;
}

interface Entry {
  readonly rect: Rect;
  readonly level: number;
}

export function intersects(a: Rect, b: Rect): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}

export class SpatialIndex<K> {
  readonly #entries = new Map<K, Entry>();
  readonly #levels: Level<K>[] = Array.from({ length: MOST_LEVELS }, (_, level) => ({
    cell: LEAST_CELL * 2 ** level,
    cells: new Map(),
    keys: new Set(),
  }));

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): Rect | undefined {
    return this.#entries.get(key)?.rect;
  }

  /** Add a rectangle or move the one of this key. */
  set(key: K, rect: Rect): void {
    this.delete(key);
    const entry = { rect, level: levelOf(rect) };
    this.#entries.set(key, entry);
    const level = this.#levels[entry.level]!;
    level.keys.add(key);
    for (const cell of cellsOf(rect, level.cell)) {
      const there = level.cells.get(cell);
      if (there === undefined) level.cells.set(cell, new Set([key]));
      else there.add(key);
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const level = this.#levels[entry.level]!;
    level.keys.delete(key);
    for (const cell of cellsOf(entry.rect, level.cell)) {
      const there = level.cells.get(cell);
      there?.delete(key);
      if (there?.size === 0) level.cells.delete(cell);
    }
  }

  clear(): void {
    this.#entries.clear();
    for (const level of this.#levels) {
      level.cells.clear();
      level.keys.clear();
    }
  }

  /** Return the keys of all rectangles that touch this one, each once, in no order. */
  query(rect: Rect): K[] {
    const found = new Set<K>();
    for (const level of this.#levels) {
      if (level.keys.size > 0) this.#queryLevel(level, rect, found);
    }
    return [...found];
  }

  #queryLevel(level: Level<K>, rect: Rect, found: Set<K>): void {
    const columns = Math.floor((rect.x + rect.width) / level.cell) - Math.floor(rect.x / level.cell) + 1;
    const rows = Math.floor((rect.y + rect.height) / level.cell) - Math.floor(rect.y / level.cell) + 1;
    if (columns * rows > level.cells.size) {
      this.#keep(level.keys, rect, found);
      return;
    }
    for (const cell of cellsOf(rect, level.cell)) {
      const there = level.cells.get(cell);
      if (there !== undefined) this.#keep(there, rect, found);
    }
  }

  #keep(keys: Iterable<K>, rect: Rect, found: Set<K>): void {
    for (const key of keys) {
      if (intersects(this.#entries.get(key)!.rect, rect)) found.add(key);
    }
  }
}

function levelOf(rect: Rect): number {
  const size = Math.max(rect.width, rect.height, 1);
  return Math.min(MOST_LEVELS - 1, Math.max(0, Math.ceil(Math.log2(size / LEAST_CELL))));
}

/** Cells as one number: two halves of 26 bits, exact in a double for places within ±8 billion units. */
function* cellsOf(rect: Rect, cell: number): Iterable<number> {
  const right = Math.floor((rect.x + rect.width) / cell);
  const bottom = Math.floor((rect.y + rect.height) / cell);
  for (let column = Math.floor(rect.x / cell); column <= right; column++) {
    for (let row = Math.floor(rect.y / cell); row <= bottom; row++) yield column * 0x4000000 + row;
  }
}
