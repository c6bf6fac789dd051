/** What lies over the nodes: the selection box, guides, links that are drawn and the sockets that they may go to. */

import { SOCKET_RADIUS } from '../../core/geometry.ts';
import type { Point, Rect } from '../../core/graph.ts';
import type { Overlay } from '../overlay.ts';
import type { SocketRef } from '../options.ts';
import { inGraph, type Brush } from './brush.ts';
import { paintLooseLinks, trace } from './links.ts';

/** Say whether there is anything to draw, so that an empty layer costs nothing. */
export function hasOverlay({ focus, overlay }: Brush['view']): boolean {
  const { box, guides, links, lit, target } = overlay.value;
  return (
    focus.value !== null ||
    box !== null ||
    guides.length > 0 ||
    links.length > 0 ||
    lit !== null ||
    target !== null
  );
}

export function paintOverlay(brush: Brush): void {
  const { view } = brush;
  const overlay = view.overlay.value;
  inGraph(brush);
  if (overlay.lit !== null) paintSockets(brush, overlay.lit, overlay.chosen);
  paintTarget(brush, overlay);
  paintLooseLinks(brush);
  if (overlay.box !== null) paintSelectionBox(brush, overlay.box);
  paintGuides(brush, overlay);
  paintFocus(brush);
}

function paintSelectionBox({ context, camera, colours }: Brush, { x, y, width, height }: Rect): void {
  context.fillStyle = colours.soft;
  context.strokeStyle = colours.accent;
  context.lineWidth = 1 / camera.zoom;
  context.fillRect(x, y, width, height);
  context.strokeRect(x, y, width, height);
}

function paintGuides({ context, camera, colours }: Brush, { guides }: Overlay): void {
  if (guides.length === 0) return;
  context.beginPath();
  for (const { axis, at, from, to } of guides) {
    context.moveTo(...(axis === 'x' ? ([at, from] as const) : ([from, at] as const)));
    context.lineTo(...(axis === 'x' ? ([at, to] as const) : ([to, at] as const)));
  }
  context.strokeStyle = colours.accent;
  context.lineWidth = 1 / camera.zoom;
  context.stroke();
}

/** Sockets that fit get a ring, the others a veil. */
function paintSockets(brush: Brush, lit: (socket: SocketRef) => boolean, chosen: SocketRef | null): void {
  const { context, view, rect, colours } = brush;
  const veils = new Path2D();
  const rings = new Path2D();
  const add = (path: Path2D, [x, y]: Point, radius: number) => {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  };
  for (const socket of socketsIn(view, rect)) {
    if (lit(socket.ref)) add(rings, socket.at, SOCKET_RADIUS + 3);
    else add(veils, socket.at, SOCKET_RADIUS + 2);
  }
  context.fillStyle = colours.node;
  context.globalAlpha = 0.75;
  context.fill(veils);
  context.globalAlpha = 1;
  context.strokeStyle = colours.text;
  context.lineWidth = 1.5;
  context.stroke(rings);
  const at = chosen === null ? undefined : view.scene.socketAt(chosen.side, chosen);
  if (at === undefined) return;
  context.beginPath();
  context.arc(at[0], at[1], SOCKET_RADIUS + 4, 0, 2 * Math.PI);
  context.fillStyle = colours.accent;
  context.fill();
}

function* socketsIn(view: Brush['view'], rect: Rect): Iterable<{ ref: SocketRef; at: Point }> {
  for (const node of view.scene.nodesIn(rect)) {
    const placed = view.scene.nodes.get(node)!;
    const [x, y] = placed.node.pos;
    for (const side of ['input', 'output'] as const) {
      const places = side === 'input' ? placed.layout.inputs : placed.layout.outputs;
      for (const [slot, place] of places.entries()) {
        if (place !== null) yield { ref: { side, node, slot }, at: [x + place[0], y + place[1]] };
      }
    }
  }
}

function paintTarget({ context, view, camera, colours }: Brush, { target }: Overlay): void {
  if (target === null) return;
  context.beginPath();
  if ('link' in target) {
    const placed = view.scene.links.get(target.link);
    if (placed !== undefined) trace(context, placed.curve);
  } else {
    const bounds = view.scene.nodes.get(target.node)?.bounds;
    if (bounds !== undefined)
      context.roundRect(bounds.x - 2, bounds.y - 2, bounds.width + 4, bounds.height + 4, 8);
  }
  context.strokeStyle = colours.accent;
  context.lineWidth = 3 / Math.min(1, camera.zoom);
  context.stroke();
}

/** Where the keyboard is. */
function paintFocus({ context, view, camera, colours }: Brush): void {
  const focus = view.focus.value;
  if (focus === null) return;
  context.beginPath();
  if (focus.socket === null) {
    const bounds = view.scene.nodes.get(focus.node)?.bounds;
    if (bounds === undefined) return;
    context.roundRect(bounds.x - 4, bounds.y - 4, bounds.width + 8, bounds.height + 8, 9);
  } else {
    const at = view.scene.socketAt(focus.socket.side, focus.socket);
    if (at === undefined) return;
    context.arc(at[0], at[1], SOCKET_RADIUS + 5, 0, 2 * Math.PI);
  }
  context.strokeStyle = colours.focus;
  context.lineWidth = 2 / Math.min(1, camera.zoom);
  context.stroke();
}
