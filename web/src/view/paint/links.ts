/** Links, their markers and reroutes, in one stroke for each colour. */

import { colourOf } from '../../core/colours.ts';
import type { Curve } from '../../core/curves.ts';
import { curveOf } from '../../core/curves.ts';
import type { Graph, Link, Reroute } from '../../core/graph.ts';
import { inGraph, Paths, type Brush } from './brush.ts';

const WIDTH = 2.5;
const LEAST_WIDTH = 1; // pixels
const ROUGH_ZOOM = 0.15; // below it a link is a line: what bends is less than some pixels
const MARKER_ZOOM = 0.45;
export const REROUTE_RADIUS = 6;

export function paintLinks(brush: Brush): void {
  const { context, view, camera, rect } = brush;
  if (view.options.value.links === 'hidden') return;
  inGraph(brush);
  const paths = new Paths();
  const isRough = camera.zoom < ROUGH_ZOOM;
  for (const id of view.scene.linksIn(rect)) {
    const { link, curve } = view.scene.links.get(id)!;
    const path = paths.of(colourOf(link.type));
    if (isRough) traceRoughly(path, curve);
    else trace(path, curve);
  }
  context.lineWidth = Math.max(WIDTH, LEAST_WIDTH / camera.zoom);
  context.globalAlpha = isRough ? 0.6 : 0.9;
  paths.each((path, colour) => {
    context.strokeStyle = colour;
    context.stroke(path);
  });
  context.globalAlpha = 1;
  if (camera.zoom >= MARKER_ZOOM) paintMarkers(brush);
  paintSelectedLinks(brush);
  if (!isRough) paintReroutes(brush);
}

export function trace(path: Path2D | CanvasRenderingContext2D, { pieces }: Curve): void {
  pieces.forEach(({ from, a, b, to }, index) => {
    if (index === 0) path.moveTo(from[0], from[1]);
    path.bezierCurveTo(a[0], a[1], b[0], b[1], to[0], to[1]);
  });
}

function traceRoughly(path: Path2D, { pieces }: Curve): void {
  pieces.forEach(({ from, to }, index) => {
    if (index === 0) path.moveTo(from[0], from[1]);
    path.lineTo(to[0], to[1]);
  });
}

function paintMarkers({ context, view, rect, colours }: Brush): void {
  const paths = new Paths();
  const all = new Path2D();
  for (const id of view.scene.linksIn(rect)) {
    const { link, curve } = view.scene.links.get(id)!;
    const [x, y] = curve.middle;
    for (const path of [paths.of(colourOf(link.type)), all]) {
      path.moveTo(x + 4, y);
      path.arc(x, y, 4, 0, 2 * Math.PI);
    }
  }
  paths.each((path, colour) => {
    context.fillStyle = colour;
    context.fill(path);
  });
  context.strokeStyle = colours.bg;
  context.lineWidth = 1.5;
  context.stroke(all);
}

/** Links of selected nodes stand out. */
function paintSelectedLinks({ context, view, camera, colours }: Brush): void {
  const { nodes } = view.editor.selection.value;
  if (nodes.size === 0 || nodes.size > 50) return;
  context.beginPath();
  for (const id of nodes) {
    for (const link of linksOf(view.graph, id)) {
      const placed = view.scene.links.get(link);
      if (placed !== undefined) trace(context, placed.curve);
    }
  }
  context.strokeStyle = colours.text;
  context.globalAlpha = 0.55;
  context.lineWidth = Math.max(1.2, 1 / camera.zoom);
  context.stroke();
  context.globalAlpha = 1;
}

function linksOf(graph: Graph, id: string): string[] {
  const node = graph.nodes.get(id);
  const into = node?.inputs.flatMap(({ link }) => (link === null ? [] : [link])) ?? [];
  return [...into, ...(node?.outputs.flatMap(({ links }) => links) ?? [])];
}

function paintReroutes({ context, view, rect, colours }: Brush): void {
  const selected = view.editor.selection.value.reroutes;
  for (const reroute of view.scene.reroutesIn(rect)) {
    const [x, y] = reroute.pos;
    context.beginPath();
    context.arc(x, y, REROUTE_RADIUS, 0, 2 * Math.PI);
    context.fillStyle = colourOf(typeOf(view.graph.links, reroute));
    context.fill();
    context.lineWidth = selected.has(reroute.id) ? 3 : 1.5;
    context.strokeStyle = selected.has(reroute.id) ? colours.accent : colours.bg;
    context.stroke();
  }
}

function typeOf(links: ReadonlyMap<string, Link>, reroute: Reroute): string {
  const first = reroute.links[0];
  return (first === undefined ? undefined : links.get(first)?.type) ?? '*';
}

/** Links that are being drawn, over everything. */
export function paintLooseLinks(brush: Brush): void {
  const { context, view } = brush;
  inGraph(brush);
  const { links: style } = view.options.value;
  for (const { from, to, type } of view.overlay.value.links) {
    context.beginPath();
    trace(context, curveOf([from, to], style));
    context.strokeStyle = colourOf(type);
    context.lineWidth = WIDTH;
    context.stroke();
  }
}
