/** The minimap's picture: every node as a box, drawn when the graph rests. The window is a frame that only moves. */

import type { Rect } from '../core/graph.ts';
import type { Colours } from './colours.ts';
import type { View } from './view.ts';

export const MINIMAP_SIZE = { width: 200, height: 140 } as const;
const MARGIN = 8;

/** How the graph lies in the map: map = (graph - offset) * scale. */
export interface MapPlace {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Return how a graph lies in the map, whole and in the middle. */
export function placeOf(bounds: Rect | undefined): MapPlace {
  const { width, height } = MINIMAP_SIZE;
  const rect = bounds ?? { x: 0, y: 0, width: 1000, height: 700 };
  const scale = Math.min((width - 2 * MARGIN) / rect.width, (height - 2 * MARGIN) / rect.height, 0.12);
  return {
    x: rect.x + rect.width / 2 - width / 2 / scale,
    y: rect.y + rect.height / 2 - height / 2 / scale,
    scale,
  };
}

/** Draw the graph and return how it lies. */
export function paintMap(canvas: HTMLCanvasElement, { scene }: View, colours: Colours): MapPlace {
  const context = canvas.getContext('2d');
  const place = placeOf(scene.boundsOf());
  if (context === null) return place;
  const scale = place.scale * devicePixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, -place.x * scale, -place.y * scale);
  context.globalAlpha = 0.3;
  for (const { bounds, color } of scene.graph.groups.values())
    fill(context, bounds, color ?? colours.strong, 0);
  context.globalAlpha = 1;
  const least = 2 / place.scale; // pixels
  for (const { node, bounds } of scene.nodes.values()) {
    context.globalAlpha = node.mode === 'always' ? 1 : 0.4;
    fill(context, bounds, node.color === null ? colours.strong : colours.shade(node.color), least);
  }
  return place;
}

/** Return the part of the map that the window shows, within the map. */
export function windowIn({ x, y, scale }: MapPlace, seen: Rect): Rect {
  const rect = { x: (seen.x - x) * scale, y: (seen.y - y) * scale };
  return { ...rect, width: seen.width * scale, height: seen.height * scale };
}

/** Draw the frame around what is seen. It is a canvas of its own: an element that changes its size costs the page a layout. */
export function paintWindow(
  canvas: HTMLCanvasElement,
  { x, y, width, height }: Rect,
  colours: Colours,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, MINIMAP_SIZE.width, MINIMAP_SIZE.height);
  context.fillStyle = colours.soft;
  context.fillRect(x, y, width, height);
  context.strokeStyle = colours.accent;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

function fill(context: CanvasRenderingContext2D, rect: Rect, colour: string, least: number): void {
  context.fillStyle = colour;
  context.fillRect(rect.x, rect.y, Math.max(rect.width, least), Math.max(rect.height, least));
}
