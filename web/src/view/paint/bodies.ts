/**
 * Nodes as their elements show them, drawn on the canvas: they stand in for elements that are not there yet, so that
 * what is moved into sight is legible at once and looks the same when its element comes. Texts are cut by their number
 * of letters, because measuring each takes longer than drawing it.
 */

import { colourOf } from '../../core/colours.ts';
import {
  HEADER,
  PADDING_X,
  SOCKET_RADIUS,
  shownName,
  titleOf,
  type WidgetPlace,
} from '../../core/geometry.ts';
import type { GraphNode, InputSlot, OutputSlot, Point } from '../../core/graph.ts';
import { isPortNode } from '../../core/ports.ts';
import type { PlacedNode } from '../../core/scene.ts';
import { valueText } from '../../widgets/value-text.ts';
import { inGraph, Paths, type Brush } from './brush.ts';

const TEXT = 12; // graph units, as NodeBody has them
const LETTER = 0.54; // of the size: the width of an average letter
const LABEL_X = 12;
const INSET = 15; // between the side of a widget and its text
const TOOL = 24; // a button in a widget
const CHEVRON = 10;
const RADIUS = 6;
const WIDGET_RADIUS = 4;

interface Run {
  readonly text: string;
  readonly at: Point;
  /** How wide it may be. */
  readonly room: number;
}

/** Texts by how they are drawn, so that the canvas changes its font seldom. */
interface Runs {
  readonly titles: Run[];
  readonly names: Run[];
  readonly namesAtRight: Run[];
  readonly values: Run[];
}

/** Draw nodes, the lowest first. */
export function paintBodies(brush: Brush, nodes: readonly PlacedNode[]): void {
  inGraph(brush);
  const runs: Runs = { titles: [], names: [], namesAtRight: [], values: [] };
  for (const placed of nodes) {
    brush.context.globalAlpha = placed.node.mode === 'always' ? 1 : 0.5;
    paintFrame(brush, placed);
    paintWidgets(brush, placed, runs);
    addTexts(placed, runs);
  }
  brush.context.globalAlpha = 1;
  paintSockets(brush, nodes);
  paintRuns(brush, runs);
}

function paintFrame({ context, view, colours }: Brush, { node, bounds }: PlacedNode): void {
  const { x, y, width, height } = bounds;
  const isSelected = view.editor.selection.value.nodes.has(node.id);
  const line = isSelected ? 2 : 1;
  context.fillStyle = isSelected ? colours.accent : colours.line;
  box(context, [x - line, y - line, width + 2 * line, height + 2 * line], RADIUS + line);
  const [ground, head] = [node.bgcolor, node.color ?? node.bgcolor];
  context.fillStyle = ground === null ? colours.node : colours.shade(ground);
  box(context, [x, y, width, height], RADIUS);
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
  if (!isPortNode(node)) chevron(context, colours.dim, [x + 14, y + HEADER / 2]);
}

function paintWidgets(brush: Brush, placed: PlacedNode, runs: Runs): void {
  const { context, colours } = brush;
  const { node, layout, bounds } = placed;
  const [x, y] = node.pos;
  const width = bounds.width - 2 * PADDING_X;
  for (const place of layout.widgets) {
    const top = y + place.y;
    context.fillStyle = colours.line;
    box(context, [x + PADDING_X, top, width, place.height], WIDGET_RADIUS);
    context.fillStyle = colours.sunken;
    box(context, [x + PADDING_X + 1, top + 1, width - 2, place.height - 2], WIDGET_RADIUS - 1);
    if (hasList(place)) chevron(context, colours.dim, [x + PADDING_X + width - 14, top + place.height / 2]);
    else paintTools(brush, toolsOf(node, place), [x + PADDING_X + width, top, place.height]);
    addWidgetTexts(node, place, [x + PADDING_X, top, width], runs);
  }
}

function addWidgetTexts(
  node: GraphNode,
  place: WidgetPlace,
  [x, y, width]: readonly [number, number, number],
  runs: Runs,
): void {
  const value = valueText(node.widgets[place.name] ?? place.widget.default, place.widget);
  if (place.widget.kind === 'multiline') {
    addLines(value || place.widget.placeholder || shownName(place.name), place, [x, y, width], runs);
    return;
  }
  const middle = y + place.height / 2;
  const tools = hasList(place) ? CHEVRON : toolsOf(node, place) * TOOL;
  const slot = place.slot === null ? undefined : node.inputs[place.slot];
  const room = width - 2 * INSET - tools;
  const name = slot?.label ?? shownName(place.name);
  const taken = Math.min(room / 2, name.length * TEXT * LETTER);
  runs.names.push({ text: name, at: [x + INSET, middle], room: taken + TEXT });
  runs.values.push({ text: value, at: [x + width - INSET - tools, middle], room: room - taken });
}

/** Lines are broken at a number of letters. */
function addLines(
  text: string,
  place: WidgetPlace,
  [x, y, width]: readonly [number, number, number],
  runs: Runs,
): void {
  const room = width - 18;
  const letters = Math.max(1, Math.floor(room / (TEXT * LETTER)));
  const most = Math.max(1, Math.floor((place.height - 10) / (TEXT * 1.4)));
  const lines = text
    .slice(0, letters * most)
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${letters}}(?:\\s|$)|.{1,${letters}}`, 'g')) ?? ['']);
  lines.slice(0, most).forEach((line, index) => {
    runs.names.push({ text: line, at: [x + 9, y + 6 + (index + 0.5) * TEXT * 1.4], room: room + TEXT });
  });
}

/** How many buttons are at the right end of a widget. */
function toolsOf(node: GraphNode, { slot, widget }: WidgetPlace): number {
  const isLinked = slot !== null && node.inputs[slot]?.link != null;
  if (widget.kind !== 'seed' || isLinked) return 0;
  return widget.hasControl ? 2 : 1;
}

/** Buttons as their borders and, for the die, its square. */
function paintTools(
  { context, colours }: Brush,
  count: number,
  [right, top, height]: readonly [number, number, number],
): void {
  context.fillStyle = colours.line;
  for (let tool = 1; tool <= count; tool += 1) context.fillRect(right - tool * TOOL - 1, top, 1, height);
  if (count === 0) return;
  context.strokeStyle = colours.dim;
  context.lineWidth = 1;
  context.strokeRect(right - (count - 0.5) * TOOL - 6, top + height / 2 - 5, 10, 10);
}

function hasList({ widget }: WidgetPlace): boolean {
  return widget.kind === 'choice' || widget.kind === 'file';
}

function addTexts({ node, spec, layout, bounds }: PlacedNode, runs: Runs): void {
  const { x, y, width } = bounds;
  const [left, top] = node.pos;
  runs.titles.push({ text: titleOf(node, spec), at: [x + 30, y + HEADER / 2], room: width - 40 });
  if (node.isCollapsed) return;
  for (const row of layout.rows) {
    const [, place] = layout.inputs[row] ?? [0, 0];
    const name = shortName(node.inputs[row]);
    runs.names.push({ text: name, at: [left + LABEL_X, top + place], room: width * 0.6 });
  }
  layout.outputs.forEach(([across, down], index) => {
    const name = shortName(node.outputs[index]);
    runs.namesAtRight.push({ text: name, at: [left + across - LABEL_X, top + down], room: width * 0.6 });
  });
}

function shortName(slot: InputSlot | OutputSlot | undefined): string {
  return slot?.label ?? shownName(slot?.name ?? '');
}

/** Circles in the colours of types, hollow while nothing is linked, small for widgets. */
function paintSockets({ context, colours }: Brush, nodes: readonly PlacedNode[]): void {
  const paths = new Paths();
  const hollow = new Path2D();
  for (const { node, layout } of nodes) {
    const [x, y] = node.pos;
    const draw = (type: string, [across, down]: Point, radius: number, isLinked: boolean) => {
      circle(paths.of(colourOf(type)), [x + across, y + down], radius);
      if (!isLinked) circle(hollow, [x + across, y + down], radius - 2);
    };
    layout.inputs.forEach((place, index) => {
      const slot = node.inputs[index];
      if (slot === undefined || (node.isCollapsed && slot.link === null && index > 0)) return;
      const isQuiet = slot.link === null && !layout.rows.includes(index) && !node.isCollapsed;
      draw(slot.type, place, isQuiet ? SOCKET_RADIUS * 0.7 : SOCKET_RADIUS, slot.link !== null);
    });
    layout.outputs.forEach((place, index) => {
      const slot = node.outputs[index];
      if (slot !== undefined) draw(slot.type, place, SOCKET_RADIUS, slot.links.length > 0);
    });
  }
  paths.each((path, colour) => {
    context.fillStyle = colour;
    context.fill(path);
  });
  context.fillStyle = colours.bg;
  context.fill(hollow);
}

function paintRuns({ context, colours }: Brush, runs: Runs): void {
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillStyle = colours.text;
  context.font = `600 13px ${colours.font}`;
  for (const run of runs.titles) write(context, run, 13);
  context.font = `${TEXT}px ${colours.font}`;
  context.fillStyle = colours.dim;
  for (const run of runs.names) write(context, run, TEXT);
  context.textAlign = 'right';
  for (const run of runs.namesAtRight) write(context, run, TEXT);
  context.fillStyle = colours.text;
  for (const run of runs.values) write(context, run, TEXT);
  context.textAlign = 'left';
}

function write(context: CanvasRenderingContext2D, { text, at, room }: Run, size: number): void {
  const letters = Math.max(1, Math.floor(room / (size * LETTER)));
  context.fillText(text.length > letters ? `${text.slice(0, letters - 1)}…` : text, at[0], at[1] + 0.75);
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

function chevron(context: CanvasRenderingContext2D, colour: string, [x, y]: Point): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x - 3, y - 1.5);
  context.lineTo(x, y + 1.5);
  context.lineTo(x + 3, y - 1.5);
  context.stroke();
}
