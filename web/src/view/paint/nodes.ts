/** Nodes that have no element: from afar boxes with title bars, near ones as their elements will show them. */

import { colourOf } from '../../core/colours.ts';
import { HEADER, SOCKET_RADIUS, shownName, titleOf } from '../../core/geometry.ts';
import type { GraphNode, NodeId } from '../../core/graph.ts';
import { isPortNode } from '../../core/ports.ts';
import type { PlacedNode } from '../../core/scene.ts';
import { FAR_ZOOM } from '../view.ts';
import { paintBodies } from './bodies.ts';
import { cutText, inGraph, Paths, type Brush } from './brush.ts';

const TITLE_ZOOM = 0.12; // below it titles are a few pixels high
const PARTS_ZOOM = 0.3;
const RADIUS = 6;
const LEAST_TITLE = 9; // pixels

/** Draw those nodes that have no element. */
export function paintNodes(brush: Brush, hasElement: (id: NodeId) => boolean): void {
  const { view, rect } = brush;
  const { scene } = view;
  const ids = scene.nodesIn(rect).filter((id) => !hasElement(id));
  if (ids.length === 0) return;
  ids.sort((a, b) => scene.rank(a) - scene.rank(b));
  const nodes = ids.map((id) => scene.nodes.get(id)!);
  if (brush.camera.zoom >= FAR_ZOOM) return paintBodies(brush, nodes);
  inGraph(brush);
  for (const placed of nodes) paintBox(brush, placed);
  if (brush.camera.zoom >= PARTS_ZOOM) paintParts(brush, nodes);
  if (brush.camera.zoom >= PARTS_ZOOM)
    for (const { node } of nodes) if (isPortNode(node)) paintPorts(brush, node);
  if (brush.camera.zoom >= TITLE_ZOOM) for (const placed of nodes) paintTitle(brush, placed);
}

function paintBox({ context, view, camera, colours }: Brush, { node, bounds }: PlacedNode): void {
  const { x, y, width, height } = bounds;
  const isSelected = view.editor.selection.value.nodes.has(node.id);
  context.globalAlpha = node.mode === 'always' ? 1 : 0.45;
  const head = Math.min(height, HEADER);
  if (camera.zoom < PARTS_ZOOM) {
    context.fillStyle = node.bgcolor === null ? colours.node : colours.shade(node.bgcolor);
    context.fillRect(x, y, width, height);
    context.fillStyle = node.color === null ? colours.strong : colours.shade(node.color);
    context.fillRect(x, y, width, head);
  } else {
    context.fillStyle = node.bgcolor === null ? colours.node : colours.shade(node.bgcolor);
    context.beginPath();
    context.roundRect(x, y, width, height, RADIUS);
    context.fill();
    context.fillStyle = node.color === null ? colours.head : colours.shade(node.color);
    context.beginPath();
    context.roundRect(x, y, width, head, node.isCollapsed ? RADIUS : [RADIUS, RADIUS, 0, 0]);
    context.fill();
  }
  context.globalAlpha = 1;
  if (isSelected) {
    context.strokeStyle = colours.accent;
    context.lineWidth = 2 / camera.zoom;
    context.strokeRect(x, y, width, height);
  }
}

/** The ends of a subgraph have no elements: their names are written here. */
function paintPorts({ context, view, colours }: Brush, node: GraphNode): void {
  const { layout } = view.scene.nodes.get(node.id)!;
  const [x, y] = node.pos;
  context.font = `12px ${colours.font}`;
  context.textBaseline = 'middle';
  for (const side of ['input', 'output'] as const) {
    const slots = side === 'input' ? node.inputs : node.outputs;
    context.textAlign = side === 'input' ? 'left' : 'right';
    slots.forEach((slot, index) => {
      const at = (side === 'input' ? layout.inputs : layout.outputs)[index]!;
      context.fillStyle = index === slots.length - 1 ? colours.dim : colours.text;
      context.fillText(
        slot.label ?? shownName(slot.name),
        x + at[0] + (side === 'input' ? 12 : -12),
        y + at[1],
      );
    });
  }
  context.textAlign = 'left';
}

function paintParts({ context, colours }: Brush, nodes: readonly PlacedNode[]): void {
  const sockets = new Paths();
  const widgets = new Path2D();
  for (const { node, layout, bounds } of nodes) {
    const [x, y] = node.pos;
    const dot = (type: string, place: readonly [number, number]) => {
      const path = sockets.of(colourOf(type));
      path.moveTo(x + place[0] + SOCKET_RADIUS, y + place[1]);
      path.arc(x + place[0], y + place[1], SOCKET_RADIUS, 0, 2 * Math.PI);
    };
    for (const widget of layout.widgets)
      widgets.rect(x + 10, y + widget.y + 3, bounds.width - 20, widget.height - 6);
    layout.inputs.forEach((place, slot) => {
      if (place !== null && (layout.rows.includes(slot) || node.inputs[slot]?.link != null))
        dot(node.inputs[slot]?.type ?? '*', place);
    });
    layout.outputs.forEach((place, slot) => dot(node.outputs[slot]?.type ?? '*', place));
  }
  context.fillStyle = colours.line;
  context.fill(widgets);
  sockets.each((path, colour) => {
    context.fillStyle = colour;
    context.fill(path);
  });
}

/** A title is written as large as its node allows, and cut at the node's side. */
function paintTitle({ context, camera, colours }: Brush, { node, spec, bounds }: PlacedNode): void {
  const { x, y, width, height } = bounds;
  const size = Math.min(Math.max(13, LEAST_TITLE / camera.zoom), Math.max(13, height * 0.4));
  if (size * camera.zoom < 5) return;
  context.font = `${size}px ${colours.font}`;
  context.fillStyle = colours.text;
  context.textBaseline = 'middle';
  const middle = y + Math.max(HEADER, size * 1.4) / 2;
  context.fillText(cutText(titleOf(node, spec), width - 16, size, 0.52), x + 9, middle);
}
