/**
 * Where the parts of a node are: computed from the node and its spec, never measured, so that hit testing, links and
 * the far zoom need no DOM. The bodies of nodes are drawn inside exactly this geometry.
 *
 *     const layout = layoutOf(node, spec);
 *     layout.inputs[0]; // [0, 15]: relative to node.pos
 *
 * As in files, `pos` is the corner below the header: the header lies above it, at y = -HEADER.
 *
 *     ┌ header ──────────────┐ -30
 *     ● input       output ●   slot rows, side by side
 *     │ [widget           ]  │ widget rows; the socket of a widget is at its left edge
 *     │ rest                 │ what an extension shows; what a run showed: pictures, texts
 *     └──────────────────────┘
 */

import type { GraphNode, InputSlot, Point, Rect, Size } from './graph.ts';
import { isOffered, type InputSpec, type NodeSpec, type WidgetSpec } from './specs.ts';

export const HEADER = 30;
export const SLOT_ROW = 22;
export const WIDGET_HEIGHT = 26;
/** Between widgets that follow each other. */
export const WIDGET_GAP = 2;
/** Above the first row and below the last. */
export const PADDING_Y = 4;
/** Between a widget and the sides of its node. */
export const PADDING_X = 10;
export const TEXT_HEIGHT = 76; // the least of a multiline widget; it takes the height that is left over
export const SOCKET_RADIUS = 5;
export const MIN_WIDTH = 140;
export const COLLAPSED_WIDTH = 90; // the least
export const GROUP_HEADER = 28;

const NONE: ReadonlySet<number> = new Set();

/** Node types that are a text and nothing else, known to editors only. */
export const NOTE_TYPES: ReadonlySet<string> = new Set(['Note', 'MarkdownNote']);

export interface WidgetPlace {
  readonly name: string;
  readonly input: InputSpec;
  readonly widget: WidgetSpec;
  /** Relative to node.pos; it goes from PADDING_X to width - PADDING_X. */
  readonly y: number;
  readonly height: number;
  /** The index of its socket in node.inputs; null: it has none. */
  readonly slot: number | null;
}

export interface NodeLayout {
  /** Without the header. */
  readonly size: Size;
  /** Places of sockets by index of slot, relative to node.pos; null: those of hidden widgets are not there. */
  readonly inputs: readonly (Point | null)[];
  readonly outputs: readonly Point[];
  /** Indexes of those inputs that have a row of their own, from the top. */
  readonly rows: readonly number[];
  readonly widgets: readonly WidgetPlace[];
  /** What is left below the widgets. */
  readonly rest: { readonly y: number; readonly height: number };
}

/** Return the least height of a widget. */
export function widgetHeight(widget: WidgetSpec): number {
  if (widget.height !== undefined) return widget.height;
  return widget.kind === 'multiline' ? TEXT_HEIGHT : WIDGET_HEIGHT;
}

/** Return the inputs that show a widget in the body, in order. */
export function shownWidgets(spec: NodeSpec | undefined): readonly (InputSpec & { widget: WidgetSpec })[] {
  const inputs = spec?.inputs ?? [];
  return inputs.filter((input): input is InputSpec & { widget: WidgetSpec } => {
    return input.widget !== null && !input.isForced && input.growth === null && isOffered(input);
  });
}

/** Return the places of all parts of a node. `extra`: the least height of what a run showed. */
export function layoutOf(node: GraphNode, spec: NodeSpec | undefined, extra = 0): NodeLayout {
  if (node.isCollapsed) return collapsedLayout(node, spec);
  const widgets = shownWidgets(spec);
  const names = new Set(widgets.map((input) => input.name));
  const hidden = hiddenSlots(node, spec);
  const rows = rowsOf(node.inputs, names).filter((slot) => !hidden.has(slot));
  const top = PADDING_Y + Math.max(rows.length, node.outputs.length) * SLOT_ROW;
  const placed = spec?.body?.isInstead === true ? [] : widgets;
  const below = extra + (spec?.body?.height ?? 0);
  const least = top + placed.reduce((sum, input) => sum + widgetHeight(input.widget) + WIDGET_GAP, PADDING_Y);
  const width = Math.max(node.size[0], MIN_WIDTH);
  const height = Math.max(node.size[1], least + below);
  const places = placeWidgets(node, placed, top, height - least - below);
  const last = places.at(-1);
  const end = last === undefined ? top : last.y + last.height + WIDGET_GAP;
  const points = inputPoints(node, rows, places);
  if (placed !== widgets) spread(points, node, names, end, height - end - PADDING_Y);
  return {
    size: [width, height],
    inputs: withoutSlots(points, hidden),
    outputs: node.outputs.map((_, index) => [width, rowY(index)]),
    rows,
    widgets: places,
    rest: { y: end, height: Math.max(0, height - end - PADDING_Y) },
  };
}

/** Return the height that a node needs at least. */
export function leastHeight(node: GraphNode, spec: NodeSpec | undefined, extra = 0): number {
  return layoutOf({ ...node, isCollapsed: false, size: [node.size[0], 0] }, spec, extra).size[1];
}

/** Return the rectangle of a node in the graph, with its header. */
export function boundsOf(node: GraphNode, layout: NodeLayout): Rect {
  const [x, y] = node.pos;
  return { x, y: y - HEADER, width: layout.size[0], height: layout.size[1] + HEADER };
}

/** Return what of an input's name is shown: `image0` of `images.image0`, `width` of `resize_type.width`. */
export function shownName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Return what a node is called. */
export function titleOf(node: GraphNode, spec: NodeSpec | undefined): string {
  return node.title ?? spec?.title ?? node.type;
}

function collapsedLayout(node: GraphNode, spec: NodeSpec | undefined): NodeLayout {
  const wanted = 44 + titleOf(node, spec).length * 7.2; // an average letter at 13 px
  const width = Math.min(Math.max(wanted, COLLAPSED_WIDTH), Math.max(node.size[0], COLLAPSED_WIDTH));
  return {
    size: [width, 0],
    inputs: withoutSlots(
      node.inputs.map(() => [0, -HEADER / 2]),
      hiddenSlots(node, spec),
    ),
    outputs: node.outputs.map(() => [width, -HEADER / 2]),
    rows: [],
    widgets: [],
    rest: { y: 0, height: 0 },
  };
}

/** Return which slots stand for hidden widgets; those that a link comes into are shown. */
function hiddenSlots({ inputs }: GraphNode, spec: NodeSpec | undefined): ReadonlySet<number> {
  const names = new Set(spec?.inputs.filter((input) => !isOffered(input)).map(({ name }) => name));
  if (names.size === 0) return NONE;
  const isHidden = ({ widget, link }: InputSlot): boolean => {
    return widget !== null && names.has(widget) && link === null;
  };
  return new Set([...inputs.keys()].filter((index) => isHidden(inputs[index] as InputSlot)));
}

function withoutSlots(points: readonly Point[], hidden: ReadonlySet<number>): readonly (Point | null)[] {
  return hidden.size === 0 ? points : points.map((point, slot) => (hidden.has(slot) ? null : point));
}

function rowsOf(inputs: readonly InputSlot[], widgets: ReadonlySet<string>): number[] {
  const rows: number[] = [];
  inputs.forEach((input, index) => {
    if (input.widget === null || !widgets.has(input.widget)) rows.push(index);
  });
  return rows;
}

function rowY(row: number): number {
  return PADDING_Y + (row + 0.5) * SLOT_ROW;
}

/** Put widgets below each other; multiline ones share the height that is left over. */
function placeWidgets(
  node: GraphNode,
  widgets: readonly (InputSpec & { widget: WidgetSpec })[],
  top: number,
  spare: number,
): WidgetPlace[] {
  const growing = widgets.filter((input) => input.widget.kind === 'multiline').length;
  const share = growing > 0 ? Math.max(0, spare) / growing : 0;
  let y = top;
  return widgets.map((input) => {
    const height = widgetHeight(input.widget) + (input.widget.kind === 'multiline' ? share : 0);
    const slot = node.inputs.findIndex((candidate) => candidate.widget === input.name);
    const place = { name: input.name, input, widget: input.widget, y, height, slot: slot < 0 ? null : slot };
    y += height + WIDGET_GAP;
    return place;
  });
}

function inputPoints(node: GraphNode, rows: readonly number[], widgets: readonly WidgetPlace[]): Point[] {
  const points: Point[] = node.inputs.map(() => [0, rowY(0)]);
  rows.forEach((slot, row) => (points[slot] = [0, rowY(row)]));
  for (const { slot, y } of widgets) {
    if (slot !== null) points[slot] = [0, y + WIDGET_HEIGHT / 2];
  }
  return points;
}

/** Put the sockets of widgets whose place a body has along its edge. */
function spread(
  points: Point[],
  node: GraphNode,
  widgets: ReadonlySet<string>,
  top: number,
  height: number,
): void {
  const slots = node.inputs.flatMap(({ widget }, slot) =>
    widget !== null && widgets.has(widget) ? [slot] : [],
  );
  const step = Math.min(SLOT_ROW, height / Math.max(slots.length, 1));
  slots.forEach((slot, at) => (points[slot] = [0, top + (at + 0.5) * step]));
}
