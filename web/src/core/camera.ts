/** Where the user looks: screen = (graph - offset) * zoom. All of it is arithmetic on values. */

import type { Camera } from './editor.ts';
import type { Point, Rect, Size } from './graph.ts';

export const LEAST_ZOOM = 0.05;
export const MOST_ZOOM = 4;

export function toScreen({ x, y, zoom }: Camera, point: Point): Point {
  return [(point[0] - x) * zoom, (point[1] - y) * zoom];
}

export function toGraph({ x, y, zoom }: Camera, point: Point): Point {
  return [point[0] / zoom + x, point[1] / zoom + y];
}

/** Return what part of the graph a window of a size shows, and `margin` pixels around it. */
export function viewport({ x, y, zoom }: Camera, [width, height]: Size, margin = 0): Rect {
  const more = margin / zoom;
  return { x: x - more, y: y - more, width: width / zoom + 2 * more, height: height / zoom + 2 * more };
}

/** Move by pixels of the screen. */
export function panned(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.zoom, y: camera.y - dy / camera.zoom };
}

/** Zoom so that what is under a point of the screen stays there. */
export function zoomed(camera: Camera, factor: number, at: Point): Camera {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor));
  const [x, y] = toGraph(camera, at);
  return { x: x - at[0] / zoom, y: y - at[1] / zoom, zoom };
}

/** Look at a rectangle: all of it in the window's middle, at `most` zoom at most. */
export function fitted(rect: Rect, size: Size, margin = 48, most = 1): Camera {
  const [width, height] = [Math.max(1, size[0] - 2 * margin), Math.max(1, size[1] - 2 * margin)];
  const wanted = Math.min(width / Math.max(1, rect.width), height / Math.max(1, rect.height), most);
  return centred(rect, size, Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, wanted)));
}

/** Look at the middle of a rectangle. */
export function centred(rect: Rect, size: Size, zoom: number): Camera {
  return {
    x: rect.x + rect.width / 2 - size[0] / zoom / 2,
    y: rect.y + rect.height / 2 - size[1] / zoom / 2,
    zoom,
  };
}

/** Return a camera between two; the zoom changes evenly by factor. */
export function between(from: Camera, to: Camera, t: number): Camera {
  const zoom = from.zoom * (to.zoom / from.zoom) ** t;
  // What both look at moves evenly in screens, so that the way is a straight one.
  const share =
    Math.abs(to.zoom - from.zoom) < 1e-6 ? t : (1 / from.zoom - 1 / zoom) / (1 / from.zoom - 1 / to.zoom);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, zoom };
}
