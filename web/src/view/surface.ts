/**
 * Surface: draws a view into its elements, at most once a frame and only when something changed. A move of the camera
 * is one style of the layer of nodes and a new drawing of the canvas; no component hears of it.
 */

import { flushSync } from 'svelte';
import { readColours, watchTheme, type Colours } from './colours.ts';
import type { Brush } from './paint/brush.ts';
import { Grid, paintGround, paintGroups } from './paint/ground.ts';
import { paintLinks } from './paint/links.ts';
import { paintNodes } from './paint/nodes.ts';
import { hasOverlay, paintOverlay } from './paint/overlay.ts';
import type { Residents } from './residents.ts';
import type { View } from './view.ts';

export interface SurfaceElements {
  readonly root: HTMLElement;
  /** Below the nodes: ground, groups, links, far nodes. */
  readonly base: HTMLCanvasElement;
  readonly layer: HTMLElement;
  /** Above the nodes: what tools show. */
  readonly top: HTMLCanvasElement;
}

const REST_MS = 160; // after the last move the layer is drawn sharp again

export class Surface {
  readonly #base: CanvasRenderingContext2D;
  readonly #top: CanvasRenderingContext2D;
  readonly #grid = new Grid();
  #colours: Colours;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  readonly #ends: (() => void)[];

  constructor(
    private readonly elements: SurfaceElements,
    private readonly view: View,
    private readonly residents: Residents,
  ) {
    this.#base = contextOf(elements.base, false);
    this.#top = contextOf(elements.top, true);
    this.#colours = readColours(elements.root);
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(elements.root);
    view.invalidate = () => this.#ask();
    this.#ends = [() => observer.disconnect(), watchTheme(() => this.#readTheme())];
    this.#resize();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.view.invalidate = () => {};
    for (const end of this.#ends) end();
  }

  #ask(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #readTheme(): void {
    this.#colours = readColours(this.elements.root);
    this.#ask();
  }

  #resize(): void {
    const { root, base, top } = this.elements;
    const { width, height } = root.getBoundingClientRect();
    for (const canvas of [base, top]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    this.view.resize([Math.max(1, width), Math.max(1, height)]);
    this.#draw(); // in this frame: a canvas that got a size is empty
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { view, residents } = this;
    this.#moveLayer();
    const start = performance.now();
    const hasMore = residents.update();
    flushSync();
    residents.tookMs(performance.now() - start);
    const brush = this.#brush(this.#base);
    paintGround(brush);
    if (view.options.value.hasGrid) this.#grid.paint(brush);
    paintGroups(brush);
    paintLinks(brush);
    paintNodes(brush, (id) => residents.has(id));
    this.#drawTop();
    if (hasMore) this.#ask();
  }

  #drawTop(): void {
    const { top } = this.elements;
    const isShown = hasOverlay(this.view);
    top.hidden = !isShown;
    if (!isShown) return;
    this.#top.setTransform(1, 0, 0, 1, 0, 0);
    this.#top.clearRect(0, 0, top.width, top.height);
    paintOverlay(this.#brush(this.#top));
  }

  #brush(context: CanvasRenderingContext2D): Brush {
    const { view } = this;
    const rect = view.visible(16);
    return { context, view, camera: view.camera, rect, colours: this.#colours, ratio: devicePixelRatio };
  }

  /** While it moves the browser keeps the layer as a picture; at rest it is drawn anew, sharp. */
  #moveLayer(): void {
    const { x, y, zoom } = this.view.camera;
    const { style } = this.elements.layer;
    style.visibility = this.view.isFar ? 'hidden' : 'visible';
    const transform = `translate(${-x * zoom}px, ${-y * zoom}px) scale(${zoom})`;
    if (style.transform === transform) return;
    style.transform = transform;
    style.willChange = 'transform';
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => (style.willChange = 'auto'), REST_MS);
  }
}

function contextOf(canvas: HTMLCanvasElement, hasAlpha: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { alpha: hasAlpha });
  if (context === null) throw new Error('This browser gives no 2D canvas.');
  return context;
}
