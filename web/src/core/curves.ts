/**
 * The curve of a link: from its output through its reroutes to its input.
 *
 *     const curve = curveOf([[0, 0], [200, 80]], 'curve');
 *     distanceTo(curve, [100, 40]); // 0
 */

import type { Point, Rect } from './graph.ts';

/** `curve`: bent; `straight`: a straight line; `square`: at right angles; `hidden`: as bent, but not drawn. */
export type LinkStyle = 'curve' | 'straight' | 'square' | 'hidden';

/** A cubic Bézier piece. Straight pieces have their control points on the line. */
export interface Piece {
  readonly from: Point;
  readonly a: Point;
  readonly b: Point;
  readonly to: Point;
}

export interface Curve {
  readonly pieces: readonly Piece[];
  /** Where its marker is. */
  readonly middle: Point;
  /** All of it lies in here. */
  readonly bounds: Rect;
}

const STUB = 15; // what a link goes out before it turns
const MOST_PULL = 140;
const STEPS = 20; // points on a piece for distances

/** Return the curve through points: an output, reroutes, an input. */
export function curveOf(points: readonly Point[], style: LinkStyle): Curve {
  const pieces: Piece[] = [];
  for (let index = 1; index < points.length; index++) {
    pieces.push(...piecesBetween(points[index - 1]!, points[index]!, style));
  }
  const middle = pieces[pieces.length >> 1]!;
  return {
    pieces,
    middle: pieces.length % 2 === 1 ? pointAt(middle, 0.5) : middle.from,
    bounds: boundsOfPieces(pieces),
  };
}

/** Return the point of a piece at t in 0..1. */
export function pointAt({ from, a, b, to }: Piece, t: number): Point {
  const s = 1 - t;
  const [w0, w1, w2, w3] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return [
    w0 * from[0] + w1 * a[0] + w2 * b[0] + w3 * to[0],
    w0 * from[1] + w1 * a[1] + w2 * b[1] + w3 * to[1],
  ];
}

/** Return how far a point is from a curve, to about a unit. */
export function distanceTo(curve: Curve, point: Point): number {
  let least = Infinity;
  for (const piece of curve.pieces) {
    let before = piece.from;
    for (let step = 1; step <= STEPS; step++) {
      const after = pointAt(piece, step / STEPS);
      least = Math.min(least, distanceToLine(before, after, point));
      before = after;
    }
  }
  return least;
}

function piecesBetween(from: Point, to: Point, style: LinkStyle): Piece[] {
  if (style === 'curve' || style === 'hidden') return [spline(from, to)];
  if (style === 'square') {
    const x = to[0] - from[0] > 2 * STUB ? (from[0] + to[0]) / 2 : from[0] + STUB;
    return lines([from, [x, from[1]], [x, to[1]], to]);
  }
  return lines([from, [from[0] + STUB, from[1]], [to[0] - STUB, to[1]], to]);
}

function spline(from: Point, to: Point): Piece {
  const distance = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const most = Math.max(MOST_PULL, (to[0] - from[0]) / 2); // a link that goes back makes no larger loop than this
  const pull = Math.min(distance * 0.5, most, Math.max(distance * 0.25, 40));
  return { from, a: [from[0] + pull, from[1]], b: [to[0] - pull, to[1]], to };
}

function lines(points: readonly Point[]): Piece[] {
  const pieces: Piece[] = [];
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1]!, points[index]!];
    pieces.push({ from, a: between(from, to, 1 / 3), b: between(from, to, 2 / 3), to });
  }
  return pieces;
}

function between(from: Point, to: Point, t: number): Point {
  return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t];
}

/** A Bézier piece lies within its four points. */
function boundsOfPieces(pieces: readonly Piece[]): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { from, a, b, to } of pieces) {
    left = Math.min(left, from[0], a[0], b[0], to[0]);
    right = Math.max(right, from[0], a[0], b[0], to[0]);
    top = Math.min(top, from[1], a[1], b[1], to[1]);
    bottom = Math.max(bottom, from[1], a[1], b[1], to[1]);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function distanceToLine(from: Point, to: Point, point: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / length;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(point[0] - from[0] - t * dx, point[1] - from[1] - t * dy);
}
