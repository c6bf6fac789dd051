/**
 * Backdrop: the canvas below the elements of nodes, with the ground, groups, links and those nodes that have no element.
 * It is larger than the window: while the camera moves it is shifted and scaled like a picture, and drawn anew only
 * when it shows too little.
 */

import type { Camera } from '../core/editor.ts';
import type { NodeId, Point, Rect, Size } from '../core/graph.ts';
import type { PlacedNode } from '../core/scene.ts';
import type { Colours } from './colours.ts';
import { Mover } from './mover.ts';
import type { Brush } from './paint/brush.ts';
import { Ground } from './paint/ground.ts';
import { paintGroups } from './paint/groups.ts';
import { paintLinks } from './paint/links.ts';
import { paintNodes } from './paint/nodes.ts';
import type { View } from './view.ts';

const MARGIN = 256; // pixels of the canvas beyond each side of the window
const AHEAD = 0.75; // of the margin is moved to where the camera goes
const MOST_SCALE = 1.5; // of the picture of another zoom

/** What is drawn: the window alone, or the margins too. */
export type Extent = 'window' | 'all';

interface Drawn {
  readonly camera: Camera;
  /** Of the canvas, in the window, in pixels. */
  readonly corner: Point;
  readonly rect: Rect;
  readonly extent: Extent;
  /** The list of nodes that had elements. */
  readonly elements: readonly PlacedNode[];
}

export class Backdrop {
  readonly #context: CanvasRenderingContext2D;
  readonly #ground = new Ground();
  readonly #mover: Mover;
  #drawn: Drawn | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly view: View,
    private readonly hasElement: (id: NodeId) => boolean,
  ) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('This browser gives no 2D canvas.');
    this.#context = context;
    this.#mover = new Mover(canvas);
  }

  resize([width, height]: Size): void {
    resizeCanvas(this.canvas, [width + 2 * MARGIN, height + 2 * MARGIN]);
    this.forget();
  }

  /** What is drawn is wrong. */
  forget(): void {
    this.#drawn = null;
  }

  get isForgotten(): boolean {
    return this.#drawn === null;
  }

  /** Whether what is drawn may be shown while the camera moves. */
  isEnough(): boolean {
    if (this.#drawn === null) return false;
    const { camera, rect } = this.#drawn;
    const scale = this.view.camera.zoom / camera.zoom;
    return scale < MOST_SCALE && scale > 1 / MOST_SCALE && contains(rect, this.view.visible());
  }

  /** Whether what is drawn is also sharp, reaches as far as it can and draws no node that has an element. */
  isFinal(elements: readonly PlacedNode[]): boolean {
    const drawn = this.#drawn;
    if (drawn === null || !this.isEnough()) return false;
    return (
      drawn.extent === 'all' && drawn.elements === elements && drawn.camera.zoom === this.view.camera.zoom
    );
  }

  draw(extent: Extent, colours: Colours, elements: readonly PlacedNode[]): void {
    const { view } = this;
    const { camera } = view;
    const corner = this.#cornerAhead(extent);
    const [x, y] = [camera.x + corner[0] / camera.zoom, camera.y + corner[1] / camera.zoom];
    const whole: Rect = {
      x,
      y,
      width: (view.size[0] + 2 * MARGIN) / camera.zoom,
      height: (view.size[1] + 2 * MARGIN) / camera.zoom,
    };
    const rect = extent === 'all' ? whole : view.visible();
    const brush: Brush = {
      context: this.#context,
      view,
      camera: { x, y, zoom: camera.zoom },
      rect,
      colours,
      ratio: devicePixelRatio,
    };
    this.#ground.paint(brush);
    paintGroups(brush);
    paintLinks(brush);
    paintNodes(brush, this.hasElement);
    this.#drawn = { camera, corner, rect, extent, elements };
  }

  /** Move the picture to where it belongs now. */
  place(): void {
    if (this.#drawn === null) return;
    const { camera: now } = this.view;
    const { camera: then, corner } = this.#drawn;
    const scale = now.zoom / then.zoom;
    const [x, y] = [(then.x - now.x) * now.zoom, (then.y - now.y) * now.zoom];
    this.#mover.to(x + corner[0] * scale, y + corner[1] * scale, scale);
  }

  rest(): void {
    this.#mover.rest();
  }

  /** Return where to put the canvas: further to the side that the camera moves to since it was drawn last. */
  #cornerAhead(extent: Extent): Point {
    const before = this.#drawn?.camera;
    const { camera } = this.view;
    if (before === undefined || before.zoom !== camera.zoom || extent === 'window') return [-MARGIN, -MARGIN];
    const [dx, dy] = [camera.x - before.x, camera.y - before.y];
    const most = Math.max(Math.abs(dx), Math.abs(dy)) || 1;
    return [
      -MARGIN + Math.round((AHEAD * MARGIN * dx) / most),
      -MARGIN + Math.round((AHEAD * MARGIN * dy) / most),
    ];
  }
}

export function resizeCanvas(canvas: HTMLCanvasElement, [width, height]: Size): void {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function contains(outer: Rect, inner: Rect): boolean {
  const isAcross = inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width;
  return isAcross && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}
