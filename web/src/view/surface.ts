/**
 * Surface: draws a view into its elements, at most once a frame and only when something changed. The canvas below the
 * nodes is larger than the window: while the camera moves it is shifted and scaled like a picture, as the nodes are,
 * and drawn anew when it shows too little, when its content changed, and when the camera rests.
 */

import { flushSync } from 'svelte';
import { viewport } from '../core/camera.ts';
import type { Camera } from '../core/editor.ts';
import type { Rect } from '../core/graph.ts';
import { readColours, watchTheme, type Colours } from './colours.ts';
import type { Brush } from './paint/brush.ts';
import { Ground } from './paint/ground.ts';
import { paintGroups } from './paint/groups.ts';
import { paintLinks } from './paint/links.ts';
import { paintNodes } from './paint/nodes.ts';
import { hasOverlay, paintOverlay } from './paint/overlay.ts';
import type { Residents } from './residents.ts';
import type { View } from './view.ts';

export interface SurfaceElements {
  readonly root: HTMLElement;
  /** Below the nodes: the ground, groups, links, far nodes. */
  readonly base: HTMLCanvasElement;
  readonly layer: HTMLElement;
  /** Above the nodes: what tools show. */
  readonly top: HTMLCanvasElement;
}

/**
 * An element that is moved every frame. While an animation of its transform is active, if only of nothing to nothing,
 * browsers move it without asking again which elements lie over each other: with hundreds of elements that takes longer
 * than all else (in Chromium 62 ms a frame with 230 nodes, 0.1 ms so). At rest it ends, so that texts are drawn sharp.
 */
class Mover {
  #animation: Animation | null = null;

  constructor(private readonly element: HTMLElement) {}

  /** Move; true if it was elsewhere. */
  to(x: number, y: number, scale: number): boolean {
    const transform = `translate(${x}px, ${y}px) scale(${scale})`;
    if (this.element.style.transform === transform) return false;
    this.#animation ??= this.#animate();
    this.element.style.transform = transform;
    return true;
  }

  rest(): void {
    this.#animation?.cancel();
    this.#animation = null;
    this.element.style.willChange = 'auto';
  }

  #animate(): Animation {
    const animation = this.element.animate(
      { transform: ['none', 'none'], composite: 'add' },
      { duration: 1000, fill: 'both' },
    );
    animation.pause();
    this.element.style.willChange = 'transform'; // and its picture is scaled, not drawn anew
    return animation;
  }
}

/** What the canvas shows now. */
interface Drawn {
  readonly camera: Camera;
  readonly rect: Rect;
  readonly isFar: boolean;
}

const MARGIN = 192; // pixels of the canvas beyond the window
const REST_MS = 140; // after the last move everything is drawn sharp
const MOST_SCALE = 1.3; // of the picture of another zoom

export class Surface {
  readonly #base: CanvasRenderingContext2D;
  readonly #top: CanvasRenderingContext2D;
  readonly #ground = new Ground();
  #colours: Colours;
  #frame = 0;
  #isMoving = false;
  readonly #layerMover: Mover;
  readonly #baseMover: Mover;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #drawn: Drawn | null = null;
  readonly #ends: (() => void)[];

  constructor(
    private readonly elements: SurfaceElements,
    private readonly view: View,
    private readonly residents: Residents,
  ) {
    this.#base = contextOf(elements.base, false);
    this.#top = contextOf(elements.top, true);
    this.#layerMover = new Mover(elements.layer);
    this.#baseMover = new Mover(elements.base);
    this.#colours = readColours(elements.root);
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(elements.root);
    view.invalidate = (isMove) => this.#ask(isMove === true);
    this.#ends = [() => observer.disconnect(), watchTheme(() => this.#readTheme())];
    this.#resize();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.view.invalidate = () => {};
    for (const end of this.#ends) end();
  }

  #ask(isMove: boolean): void {
    if (!isMove) this.#drawn = null;
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #readTheme(): void {
    this.#colours = readColours(this.elements.root);
    this.#ask(false);
  }

  #resize(): void {
    const { root, base, top } = this.elements;
    const { width, height } = root.getBoundingClientRect();
    resizeCanvas(base, width + 2 * MARGIN, height + 2 * MARGIN);
    resizeCanvas(top, width, height);
    this.#drawn = null;
    this.view.resize([Math.max(1, width), Math.max(1, height)]);
    this.#draw(); // in this frame: a canvas that got a size is empty
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { residents } = this;
    this.#moveLayer();
    const start = performance.now();
    const hasMore = residents.update(this.#isMoving);
    flushSync();
    residents.tookMs(performance.now() - start);
    if (this.#drawn === null) this.#drawBase(0);
    else if (!this.#isEnough(this.#drawn)) this.#drawBase(MARGIN);
    this.#placeBase();
    this.#drawTop();
    if (hasMore && !this.#isMoving) this.#ask(true); // while it moves, frames come anyway
  }

  /** Say whether the canvas can still be shown as a picture. */
  #isEnough({ camera, rect, isFar }: Drawn): boolean {
    const { view } = this;
    const scale = view.camera.zoom / camera.zoom;
    return (
      isFar === view.isFar && scale < MOST_SCALE && scale > 1 / MOST_SCALE && contains(rect, view.visible())
    );
  }

  /** What changes often (a node that is dragged) is drawn in the window alone, the rest when it rests. */
  #drawBase(margin: number): void {
    const { view, residents } = this;
    const ratio = devicePixelRatio;
    const context = this.#base;
    const { x, y, zoom } = view.camera;
    const camera = { x: x - MARGIN / zoom, y: y - MARGIN / zoom, zoom };
    const brush: Brush = {
      context,
      view,
      camera,
      rect: view.visible(margin + 8),
      colours: this.#colours,
      ratio,
    };
    this.#ground.paint(brush);
    paintGroups(brush);
    paintLinks(brush);
    paintNodes(brush, (id) => residents.has(id));
    this.#drawn = { camera: view.camera, rect: view.visible(margin), isFar: view.isFar };
    if (margin === 0) this.#restLater();
  }

  #placeBase(): void {
    if (this.#drawn === null) return;
    const { camera: now } = this.view;
    const { camera: then } = this.#drawn;
    const scale = now.zoom / then.zoom;
    const [x, y] = [
      (then.x - now.x) * now.zoom - MARGIN * scale,
      (then.y - now.y) * now.zoom - MARGIN * scale,
    ];
    this.#baseMover.to(x, y, scale);
  }

  #drawTop(): void {
    const { top } = this.elements;
    const { view } = this;
    const isShown = hasOverlay(view);
    top.hidden = !isShown;
    if (!isShown) return;
    const context = this.#top;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, top.width, top.height);
    const rect = viewport(view.camera, view.size, 16);
    paintOverlay({
      context,
      view,
      camera: view.camera,
      rect,
      colours: this.#colours,
      ratio: devicePixelRatio,
    });
  }

  /** While it moves the browser keeps the layer as a picture; at rest it is drawn anew, sharp. */
  #moveLayer(): void {
    const { x, y, zoom } = this.view.camera;
    const visibility = this.view.isFar ? 'hidden' : 'visible';
    const { style } = this.elements.layer;
    if (style.visibility !== visibility) style.visibility = visibility;
    if (this.#layerMover.to(-x * zoom, -y * zoom, zoom)) this.#restLater();
  }

  #restLater(): void {
    clearTimeout(this.#rest);
    this.#isMoving = true;
    this.#rest = setTimeout(() => {
      this.#isMoving = false;
      this.#layerMover.rest();
      this.#drawBase(MARGIN);
      this.#placeBase();
      this.#baseMover.rest();
      this.#ask(true);
    }, REST_MS);
  }
}

function contextOf(canvas: HTMLCanvasElement, alpha: boolean): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { alpha });
  if (context === null) throw new Error('This browser gives no 2D canvas.');
  return context;
}

function resizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): void {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function contains(outer: Rect, inner: Rect): boolean {
  const isAcross = inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width;
  return isAcross && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}
