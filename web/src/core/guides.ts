/**
 * Alignment: when a rectangle that is moved comes near the line of another one's side or middle, it goes there.
 *
 *     alignTo(moved, others, 5); // { by: [-2, 0], guides: [{ axis: 'x', at: 100, … }] }
 */

import type { Point, Rect } from './graph.ts';

/** A line at x (or y) `at` that goes along the other axis from `from` to `to`. */
export interface Guide {
  readonly axis: 'x' | 'y';
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface Alignment {
  /** What to move further by. */
  readonly by: Point;
  readonly guides: readonly Guide[];
}

/** A rectangle along one axis, and where it is across it. */
interface Span {
  readonly lines: readonly [number, number, number];
  readonly from: number;
  readonly to: number;
}

/** Align a rectangle to those others that are nearer than `reach`. */
export function alignTo(moved: Rect, others: readonly Rect[], reach: number): Alignment {
  const x = alongAxis(spanX(moved), others.map(spanX), reach);
  const y = alongAxis(spanY(moved), others.map(spanY), reach);
  return {
    by: [x?.by ?? 0, y?.by ?? 0],
    guides: [
      ...(x === null ? [] : [{ axis: 'x' as const, at: x.at, from: x.from, to: x.to }]),
      ...(y === null ? [] : [{ axis: 'y' as const, at: y.at, from: y.from, to: y.to }]),
    ],
  };
}

/** Return a place on the grid next to a place. */
export function snapped([x, y]: Point, grid: number): Point {
  return [Math.round(x / grid) * grid, Math.round(y / grid) * grid];
}

function alongAxis(
  moved: Span,
  others: readonly Span[],
  reach: number,
): { by: number; at: number; from: number; to: number } | null {
  let best: { by: number; at: number; from: number; to: number } | null = null;
  for (const other of others) {
    for (const at of other.lines) {
      for (const line of moved.lines) {
        const by = at - line;
        if (Math.abs(by) > reach || Math.abs(by) >= Math.abs(best?.by ?? Infinity)) continue;
        best = { by, at, from: Math.min(moved.from, other.from), to: Math.max(moved.to, other.to) };
      }
    }
  }
  return best;
}

function spanX({ x, y, width, height }: Rect): Span {
  return { lines: [x, x + width / 2, x + width], from: y, to: y + height };
}

function spanY({ x, y, width, height }: Rect): Span {
  return { lines: [y, y + height / 2, y + height], from: x, to: x + width };
}
