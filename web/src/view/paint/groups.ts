/** Groups: grounds for nodes. */

import { GROUP_HEADER } from '../../core/geometry.ts';
import type { Group } from '../../core/graph.ts';
import { cutText, inGraph, type Brush } from './brush.ts';

const LETTER = 0.56; // of the size: an average letter of a title

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
  const middle = bounds.y + Math.max(GROUP_HEADER, size * 1.4) / 2;
  context.fillText(cutText(title, bounds.width - 16, size, LETTER), bounds.x + 10, middle);
  context.restore();
}
