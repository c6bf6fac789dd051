/**
 * Nodes as their elements show them, drawn on the canvas: they stand in for elements that are not there yet, so that
 * what is moved into sight is legible at once and looks the same when its element comes.
 */

import { colourOf } from '../../core/colours.ts';
import { HEADER, PADDING_X, SOCKET_RADIUS, type WidgetPlace } from '../../core/geometry.ts';
import type { GraphNode, Point } from '../../core/graph.ts';
import { isPortNode } from '../../core/ports.ts';
import type { PlacedNode } from '../../core/scene.ts';
import type { Colours } from '../colours.ts';
import { inGraph, Paths, type Brush } from './brush.ts';
import { NodeTexts } from './node-texts.ts';

const TOOL = 24; // a button in a widget
const CHEVRON = 10;
const RADIUS = 6;
const WIDGET_RADIUS = 4;
const FAINT = 0.5; // nodes that are left out
const QUIET = 0.7; // of the size: sockets of widgets

/** Draw nodes, the lowest first. */
export function paintBodies(brush: Brush, nodes: readonly PlacedNode[]): void {
  const { context, colours } = brush;
  inGraph(brush);
  const texts = new NodeTexts(colours);
  for (const placed of nodes) {
    const { node } = placed;
    context.globalAlpha = node.mode === 'always' ? 1 : FAINT;
    paintFrame(brush, placed);
    paintWidgets(brush, placed);
    texts.add(placed, (place) => toolsWidth(node, place), context.globalAlpha);
  }
  context.globalAlpha = 1;
  paintSockets(brush, nodes);
  texts.write(context);
}

function paintFrame({ context, view, colours }: Brush, { node, bounds }: PlacedNode): void {
  const { x, y, width, height } = bounds;
  const isSelected = view.editor.selection.value.nodes.has(node.id);
  const line = isSelected ? 2 : 1;
  context.fillStyle = isSelected ? colours.accent : colours.line;
  box(context, [x - line, y - line, width + 2 * line, height + 2 * line], RADIUS + line);
  context.fillStyle = groundOf(node, colours);
  box(context, [x, y, width, height], RADIUS);
  const head = node.color ?? node.bgcolor;
  context.fillStyle = head === null ? colours.head : colours.shade(head);
  context.beginPath();
  context.roundRect(
    x,
    y,
    width,
    Math.min(height, HEADER),
    node.isCollapsed ? RADIUS : [RADIUS, RADIUS, 0, 0],
  );
  context.fill();
  if (!isPortNode(node)) chevron(context, colours.dim, [x + 14, y + HEADER / 2], node.isCollapsed);
}

function groundOf({ mode, bgcolor }: GraphNode, colours: Colours): string {
  if (mode === 'bypass') return `color-mix(in srgb, ${colours.node}, #b06ad6 35%)`; // as Node has it
  return bgcolor === null ? colours.node : colours.shade(bgcolor);
}

function paintWidgets(brush: Brush, { node, layout, bounds }: PlacedNode): void {
  const { context, colours } = brush;
  const x = node.pos[0] + PADDING_X;
  const width = bounds.width - 2 * PADDING_X;
  for (const place of layout.widgets) {
    const y = node.pos[1] + place.y;
    const { height } = place;
    context.fillStyle = colours.line;
    box(context, [x, y, width, height], WIDGET_RADIUS);
    context.fillStyle = colours.sunken;
    box(context, [x + 1, y + 1, width - 2, height - 2], WIDGET_RADIUS - 1);
    if (hasList(place)) chevron(context, colours.dim, [x + width - 14, y + height / 2], false);
    else paintTools(brush, toolsOf(node, place), [x + width, y, height]);
  }
}

function hasList({ widget }: WidgetPlace): boolean {
  return widget.kind === 'choice' || widget.kind === 'file';
}

/** How many buttons are at the right end of a widget. */
function toolsOf(node: GraphNode, { slot, widget }: WidgetPlace): number {
  const isLinked = slot !== null && node.inputs[slot]?.link != null;
  if (widget.kind !== 'seed' || isLinked) return 0;
  return widget.hasControl ? 2 : 1;
}

function toolsWidth(node: GraphNode, place: WidgetPlace): number {
  return hasList(place) ? CHEVRON : toolsOf(node, place) * TOOL;
}

/** Buttons as their borders and, for the die, its square. */
function paintTools(
  { context, colours }: Brush,
  count: number,
  [right, y, height]: readonly [number, number, number],
): void {
  if (count === 0) return;
  context.fillStyle = colours.line;
  for (let tool = 1; tool <= count; tool += 1) context.fillRect(right - tool * TOOL - 1, y, 1, height);
  context.strokeStyle = colours.dim;
  context.lineWidth = 1;
  context.strokeRect(right - (count - 0.5) * TOOL - 6, y + height / 2 - 5, 10, 10);
}

/** Circles in the colours of types, hollow while nothing is linked, small for widgets. */
function paintSockets({ context, colours }: Brush, nodes: readonly PlacedNode[]): void {
  const paths = new Paths();
  const hollow = new Path2D();
  const draw = (node: GraphNode, type: string, place: Point, radius: number, isLinked: boolean) => {
    const at: Point = [node.pos[0] + place[0], node.pos[1] + place[1]];
    circle(paths.of(colourOf(type)), at, radius);
    if (!isLinked) circle(hollow, at, radius - 2);
  };
  for (const { node, layout } of nodes) {
    node.inputs.forEach((slot, index) => {
      const place = layout.inputs[index];
      const isLinked = slot.link !== null;
      if (place == null || (node.isCollapsed && !isLinked && index > 0)) return;
      const isQuiet = !isLinked && !node.isCollapsed && !layout.rows.includes(index);
      draw(node, slot.type, place, isQuiet ? SOCKET_RADIUS * QUIET : SOCKET_RADIUS, isLinked);
    });
    node.outputs.forEach((slot, index) => {
      const place = layout.outputs[index];
      if (place !== undefined) draw(node, slot.type, place, SOCKET_RADIUS, slot.links.length > 0);
    });
  }
  paths.each((path, colour) => {
    context.fillStyle = colour;
    context.fill(path);
  });
  context.fillStyle = colours.bg;
  context.fill(hollow);
}

function circle(path: Path2D, [x, y]: Point, radius: number): void {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

function box(
  context: CanvasRenderingContext2D,
  [x, y, width, height]: readonly [number, number, number, number],
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

/** Points down, or to the right. */
function chevron(context: CanvasRenderingContext2D, colour: string, [x, y]: Point, isClosed: boolean): void {
  const [dx, dy] = isClosed ? [0, 3] : [3, 0];
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x - dx - dy / 2, y - dy - dx / 2);
  context.lineTo(x + dy / 2, y + dx / 2);
  context.lineTo(x + dx - dy / 2, y + dy - dx / 2);
  context.stroke();
}
