/** The ground: grid dots and groups. */

import { GROUP_HEADER } from '../../core/geometry.ts';
import type { Group } from '../../core/graph.ts';
import { inGraph, onScreen, type Brush } from './brush.ts';

const DOT_STEP = 20; // graph units between dots, doubled until they are DOTS_APART pixels apart
const DOTS_APART = 16;

export function paintGround(brush: Brush): void {
  onScreen(brush);
  const { context, view, colours } = brush;
  context.fillStyle = colours.bg;
  context.fillRect(0, 0, view.size[0], view.size[1]);
}

/** Dots are a pattern that the browser repeats, so that they cost one fill however many there are. */
export class Grid {
  #pattern: CanvasPattern | null = null;
  #key = '';

  paint(brush: Brush): void {
    const { context, camera, view, colours, ratio } = brush;
    let step = DOT_STEP * camera.zoom;
    while (step < DOTS_APART) step *= 2;
    const key = `${step * ratio} ${colours.grid}`;
    if (key !== this.#key) this.#pattern = makePattern(context, step * ratio, colours.strong);
    this.#key = key;
    if (this.#pattern === null) return;
    const tile = Math.max(1, Math.round(step * ratio));
    const scale = (step * ratio) / tile;
    const [x, y] = [-camera.x * camera.zoom * ratio, -camera.y * camera.zoom * ratio];
    this.#pattern.setTransform(
      new DOMMatrix([scale, 0, 0, scale, x - (scale * tile) / 2, y - (scale * tile) / 2]),
    );
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.#pattern;
    context.globalAlpha = 0.35;
    context.fillRect(0, 0, view.size[0] * ratio, view.size[1] * ratio);
    context.globalAlpha = 1;
  }
}

function makePattern(context: CanvasRenderingContext2D, step: number, colour: string): CanvasPattern | null {
  const tile = new OffscreenCanvas(Math.max(1, Math.round(step)), Math.max(1, Math.round(step)));
  const inside = tile.getContext('2d');
  if (inside === null) return null;
  inside.fillStyle = colour;
  inside.beginPath();
  inside.arc(tile.width / 2, tile.height / 2, 1, 0, 2 * Math.PI);
  inside.fill();
  return context.createPattern(tile, 'repeat');
}

export function paintGroups(brush: Brush): void {
  const { view, rect } = brush;
  inGraph(brush);
  const selected = view.editor.selection.value.groups;
  for (const id of view.scene.groupsIn(rect)) {
    const group = view.graph.groups.get(id);
    if (group !== undefined) paintGroup(brush, group, selected.has(id));
  }
}

function paintGroup({ context, camera, colours }: Brush, group: Group, isSelected: boolean): void {
  const { x, y, width, height } = group.bounds;
  const colour = group.color ?? colours.strong;
  context.fillStyle = colour;
  context.globalAlpha = 0.14;
  context.beginPath();
  context.roundRect(x, y, width, height, 8);
  context.fill();
  context.globalAlpha = 0.26;
  context.beginPath();
  context.roundRect(x, y, width, GROUP_HEADER, [8, 8, 0, 0]);
  context.fill();
  context.globalAlpha = 1;
  if (isSelected) {
    context.strokeStyle = colours.accent;
    context.lineWidth = 2 / Math.min(1, camera.zoom);
    context.beginPath();
    context.roundRect(x, y, width, height, 8);
    context.stroke();
  }
  paintGroupTitle(context, group, camera.zoom, colours.text, colours.font);
}

function paintGroupTitle(
  context: CanvasRenderingContext2D,
  { title, bounds }: Group,
  zoom: number,
  colour: string,
  font: string,
): void {
  const size = Math.max(14, Math.min(11 / zoom, bounds.height / 3, 160)); // still to be read from afar
  context.save();
  context.beginPath();
  context.rect(bounds.x, bounds.y, bounds.width, bounds.height);
  context.clip();
  context.fillStyle = colour;
  context.font = `600 ${size}px ${font}`;
  context.textBaseline = 'middle';
  context.fillText(title, bounds.x + 10, bounds.y + Math.max(GROUP_HEADER, size * 1.4) / 2);
  context.restore();
}
