/** The ground and the dots of its grid. */

import type { Brush } from './brush.ts';

const STEP = 20; // graph units between dots, doubled until they are APART pixels apart
const APART = 16;

/** Dots are a pattern that the browser repeats, so that they cost one fill however many there are. */
export class Ground {
  #pattern: CanvasPattern | null = null;
  #key = '';

  paint(brush: Brush): void {
    const { context, view, colours } = brush;
    const { width, height } = context.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colours.bg;
    context.fillRect(0, 0, width, height);
    if (!view.options.value.hasGrid) return;
    this.#place(brush);
    if (this.#pattern === null) return;
    context.fillStyle = this.#pattern;
    context.globalAlpha = 0.35;
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 1;
  }

  #place({ context, camera, colours, ratio }: Brush): void {
    let step = STEP * camera.zoom * ratio;
    while (step < APART * ratio) step *= 2;
    const tile = Math.round(step);
    const key = `${tile} ${colours.strong}`;
    if (key !== this.#key) this.#pattern = makePattern(context, tile, colours.strong, ratio);
    this.#key = key;
    const scale = step / tile;
    const [x, y] = [-camera.x * camera.zoom * ratio - step / 2, -camera.y * camera.zoom * ratio - step / 2];
    this.#pattern?.setTransform(new DOMMatrix([scale, 0, 0, scale, x, y]));
  }
}

function makePattern(
  context: CanvasRenderingContext2D,
  tile: number,
  colour: string,
  ratio: number,
): CanvasPattern | null {
  const dot = new OffscreenCanvas(tile, tile);
  const inside = dot.getContext('2d');
  if (inside === null) return null;
  inside.fillStyle = colour;
  inside.beginPath();
  inside.arc(tile / 2, tile / 2, ratio, 0, 2 * Math.PI);
  inside.fill();
  return context.createPattern(dot, 'repeat');
}
