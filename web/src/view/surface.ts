/**
 * Surface: draws a view into its elements, at most once a frame and only when something changed. While the camera moves
 * the elements of nodes and the canvas below them are shifted and scaled like pictures; when it rests, nodes get their
 * elements and everything is drawn sharp.
 */

import { flushSync } from 'svelte';
import { viewport } from '../core/camera.ts';
import type { Camera } from '../core/editor.ts';
import { Backdrop, resizeCanvas } from './backdrop.ts';
import { readColours, watchTheme, type Colours } from './colours.ts';
import { isPlainCrowd } from './crowd.ts';
import { Mover } from './mover.ts';
import { paceOf, type Pace } from './pace.ts';
import { hasOverlay, paintOverlay } from './paint/overlay.ts';
import type { Residents } from './residents.ts';
import type { View } from './view.ts';

export interface SurfaceElements {
  readonly root: HTMLElement;
  /** Below the nodes: the ground, groups, links, nodes without elements. */
  readonly base: HTMLCanvasElement;
  readonly layer: HTMLElement;
  /** Above the nodes: what tools show. */
  readonly top: HTMLCanvasElement;
}

const REST_MS = 140; // after the last move everything is drawn sharp
const LONG_ZOOM = 4; // frames

export class Surface {
  readonly #top: CanvasRenderingContext2D;
  readonly #backdrop: Backdrop;
  readonly #layerMover: Mover;
  #colours: Colours;
  #frame = 0;
  #pace: Pace = 'rest';
  #camera: Camera;
  /** How many frames in succession zoomed. */
  #zoomed = 0;
  /** Whether elements of nodes are in sight. Once they are not, they come back when the camera rests. */
  #isLayerOn = false;
  /** Neither the camera nor what is shown changed for a while. */
  #isSettled = true;
  #isQuiet = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #ends: (() => void)[];

  constructor(
    private readonly elements: SurfaceElements,
    private readonly view: View,
    private readonly residents: Residents,
  ) {
    const top = elements.top.getContext('2d');
    if (top === null) throw new Error('This browser gives no 2D canvas.');
    this.#top = top;
    this.#backdrop = new Backdrop(elements.base, view, (id) => this.#isLayerOn && residents.has(id));
    this.#layerMover = new Mover(elements.layer);
    this.#colours = readColours(elements.root);
    this.#camera = view.camera;
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(elements.root);
    view.invalidate = (isMove) => this.#ask(isMove === true);
    this.#ends = [() => observer.disconnect(), watchTheme(() => this.#readTheme())];
    this.#resize();
  }

  end(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.view.invalidate = () => {};
    for (const end of this.#ends) end();
  }

  #ask(isMove: boolean): void {
    if (!isMove) {
      this.#backdrop.forget();
      this.#settleLater();
    }
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #readTheme(): void {
    this.#colours = readColours(this.elements.root);
    this.#ask(false);
  }

  #resize(): void {
    const { width, height } = this.elements.root.getBoundingClientRect();
    this.#backdrop.resize([width, height]);
    resizeCanvas(this.elements.top, [width, height]);
    this.view.resize([Math.max(1, width), Math.max(1, height)]);
    this.#draw(); // in this frame: a canvas that got a size is empty
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#watchCamera();
    this.#showLayer();
    const hasMore = this.#updateResidents();
    this.#drawBackdrop(hasMore);
    this.#drawTop();
    if (hasMore && this.#pace === 'rest') this.#ask(true); // while it moves, frames come anyway
  }

  #watchCamera(): void {
    const { camera } = this.view;
    if (camera === this.#camera) {
      if (this.#isQuiet) this.#settle();
      return;
    }
    this.#pace = paceOf(this.#camera, camera);
    this.#zoomed = this.#pace === 'zoom' ? this.#zoomed + 1 : 0;
    this.#camera = camera;
    this.#settleLater();
  }

  #showLayer(): void {
    const { x, y, zoom } = this.view.camera;
    const wasOn = this.#isLayerOn;
    if (this.view.isFar) this.#isLayerOn = false;
    else if (this.#pace === 'rest') this.#isLayerOn = true;
    else if (wasOn && this.#zoomed === LONG_ZOOM) this.#isLayerOn = !isPlainCrowd(this.view);
    if (this.#isLayerOn !== wasOn) this.#backdrop.forget();
    if (this.#isLayerOn) this.#layerMover.to(-x * zoom, -y * zoom, zoom);
    else this.#layerMover.away();
    if (this.#pace !== 'rest') return;
    const { style } = this.elements.layer;
    const visibility = this.#isLayerOn ? 'visible' : 'hidden';
    if (style.visibility !== visibility) style.visibility = visibility;
    if (this.#isSettled) this.#layerMover.rest();
  }

  #updateResidents(): boolean {
    const start = performance.now();
    const hasMore = this.residents.update(this.#pace);
    flushSync();
    this.residents.tookMs(performance.now() - start);
    return hasMore;
  }

  /** What changes often (a node that is dragged) is drawn in the window alone, the margins when it settles. */
  #drawBackdrop(hasMore: boolean): void {
    const backdrop = this.#backdrop;
    const elements = this.residents.list.value;
    const isChanging = this.#pace === 'rest' && !this.#isSettled;
    if (backdrop.isForgotten) backdrop.draw(isChanging ? 'window' : 'all', this.#colours, elements);
    else if (!backdrop.isEnough()) backdrop.draw('all', this.#colours, elements);
    else if (this.#isSettled && !hasMore && !backdrop.isFinal(elements))
      backdrop.draw('all', this.#colours, elements);
    backdrop.place();
    if (this.#isSettled) backdrop.rest();
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
    const { camera } = view;
    paintOverlay({ context, view, camera, rect, colours: this.#colours, ratio: devicePixelRatio });
  }

  /**
   * Changes that follow each other put it off. Time alone does not say that they are over: a frame may take long. So the
   * next frame after that time decides.
   */
  #settleLater(): void {
    clearTimeout(this.#timer);
    this.#isSettled = false;
    this.#isQuiet = false;
    this.#timer = setTimeout(() => {
      this.#isQuiet = true;
      this.#ask(true);
    }, REST_MS);
  }

  #settle(): void {
    this.#isQuiet = false;
    this.#isSettled = true;
    this.#pace = 'rest';
  }
}
