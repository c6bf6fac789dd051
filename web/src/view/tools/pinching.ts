/** Two fingers move and zoom the ground. */

import type { Point } from '../../core/graph.ts';
import type { Tool, ToolContext } from './tool.ts';

export class Pinching implements Tool {
  readonly cursor = '';
  #middle: Point;
  #distance: number;

  constructor(
    private readonly context: ToolContext,
    a: Point,
    b: Point,
  ) {
    this.#middle = middleOf(a, b);
    this.#distance = distanceOf(a, b);
  }

  /** The fingers are here now, in pixels of the canvas. */
  spread(a: Point, b: Point): void {
    const { view } = this.context;
    const [middle, distance] = [middleOf(a, b), distanceOf(a, b)];
    view.panBy(middle[0] - this.#middle[0], middle[1] - this.#middle[1]);
    view.zoomBy(distance / this.#distance, middle);
    this.#middle = middle;
    this.#distance = distance;
  }
}

function middleOf(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

function distanceOf(a: Point, b: Point): number {
  return Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
}
