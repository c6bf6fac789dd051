/** What painters of the canvas are given: where to draw, how the graph is looked at, and the colours. */

import type { Camera } from '../../core/editor.ts';
import type { Rect } from '../../core/graph.ts';
import type { Colours } from '../colours.ts';
import type { View } from '../view.ts';

export interface Brush {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  readonly camera: Camera;
  /** The part of the graph that is drawn. */
  readonly rect: Rect;
  readonly colours: Colours;
  /** Pixels of the device in one of the page. */
  readonly ratio: number;
}

/** Draw in graph units from here on. */
export function inGraph({ context, camera, ratio }: Brush): void {
  const scale = camera.zoom * ratio;
  context.setTransform(scale, 0, 0, scale, -camera.x * scale, -camera.y * scale);
}

/** Return a text that is cut where it would be wider than its room; `letter`: an average letter in parts of its size. */
export function cutText(text: string, room: number, size: number, letter: number): string {
  const letters = Math.max(1, Math.floor(room / (size * letter)));
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

/** Return one path for each colour, made when it is asked for first: a canvas is fast when it changes colours seldom. */
export class Paths {
  readonly #paths = new Map<string, Path2D>();

  of(colour: string): Path2D {
    const known = this.#paths.get(colour);
    if (known !== undefined) return known;
    const path = new Path2D();
    this.#paths.set(colour, path);
    return path;
  }

  each(draw: (path: Path2D, colour: string) => void): void {
    this.#paths.forEach(draw);
  }
}
