/** Draws a graph as SVG text: what it looks like on the canvas, with the values of its widgets. */

import { colourOf } from '../../core/colours.ts';
import { HEADER, PADDING_X, SOCKET_RADIUS, titleOf, type WidgetPlace } from '../../core/geometry.ts';
import type { Graph, Group, Rect } from '../../core/graph.ts';
import { around, Scene, type PlacedLink, type PlacedNode, type SpecOf } from '../../core/scene.ts';
import type { Colours } from '../../view/colours.ts';

const MARGIN = 40;
const TEXT = 12;
const LETTER = 6.6; // the width of an average letter at 12 px

export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Return the picture of a level; null if there is nothing on it. */
export function drawGraph(graph: Graph, specOf: SpecOf, colours: Colours): Drawing | null {
  const scene = new Scene();
  scene.show(graph, specOf);
  const rects = [
    ...[...scene.nodes.values()].map(({ bounds }) => bounds),
    ...[...graph.groups.values()].map(({ bounds }) => bounds),
  ];
  const all = around(rects);
  if (all === undefined) return null;
  const box = {
    x: all.x - MARGIN,
    y: all.y - MARGIN,
    width: all.width + 2 * MARGIN,
    height: all.height + 2 * MARGIN,
  };
  const { x, y, width, height } = box;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}" font-family="${escaped(colours.font)}" font-size="${TEXT}">`,
    rect(box, colours.bg),
    ...[...graph.groups.values()].map((group) => groupOf(group, colours)),
    ...[...scene.links.values()].map(linkOf),
    ...[...scene.nodes.values()].map((placed) => nodeOf(placed, colours)),
    '</svg>',
  ];
  return { svg: parts.join('\n'), width, height };
}

function groupOf({ bounds, title, color }: Group, colours: Colours): string {
  const fill = color ?? colours.strong;
  const label = text(
    bounds.x + 8,
    bounds.y + 19,
    title,
    colours.text,
    bounds.width - 16,
    'font-weight="600"',
  );
  return `${rect(bounds, fill, 'rx="6" fill-opacity="0.15"')}${rect(bounds, 'none', `rx="6" stroke="${escaped(fill)}"`)}${label}`;
}

function linkOf({ link, curve }: PlacedLink): string {
  const path = curve.pieces.map(
    ({ from, a, b, to }) => `M${from.join(' ')}C${a.join(' ')} ${b.join(' ')} ${to.join(' ')}`,
  );
  return `<path d="${path.join('')}" fill="none" stroke="${colourOf(link.type)}" stroke-width="2"/>`;
}

function nodeOf({ node, spec, layout, bounds }: PlacedNode, colours: Colours): string {
  const [x, y] = node.pos;
  const faint = node.mode === 'always' ? '' : ' opacity="0.45"';
  const head = { ...bounds, height: HEADER };
  const dot = (point: readonly [number, number], type: string): string =>
    `<circle cx="${x + point[0]}" cy="${y + point[1]}" r="${SOCKET_RADIUS}" fill="${colourOf(type)}"/>`;
  const half = layout.size[0] / 2 - 14;
  const inputs = layout.rows.map((index) => {
    const [slot, point] = [node.inputs[index]!, layout.inputs[index]!];
    return (
      dot(point, slot.type) +
      text(x + point[0] + 10, y + point[1] + 4, slot.label ?? slot.name, colours.dim, half)
    );
  });
  const outputs = node.outputs.map((slot, index) => {
    const point = layout.outputs[index]!;
    const name = node.isCollapsed
      ? ''
      : text(
          x + point[0] - 10,
          y + point[1] + 4,
          slot.label ?? slot.name,
          colours.dim,
          half,
          'text-anchor="end"',
        );
    return dot(point, slot.type) + name;
  });
  const widgets = layout.widgets.map((place) =>
    widgetOf(place, node.widgets[place.name], x, y, layout.size[0], colours),
  );
  return [
    `<g${faint}>`,
    rect(bounds, node.bgcolor ?? colours.node, `rx="6" stroke="${escaped(colours.line)}"`),
    rect(head, node.color ?? colours.head, 'rx="6"'),
    text(
      bounds.x + 12,
      bounds.y + 20,
      titleOf(node, spec),
      colours.text,
      bounds.width - 20,
      'font-weight="600"',
    ),
    ...inputs,
    ...outputs,
    ...widgets,
    '</g>',
  ].join('');
}

function widgetOf(
  place: WidgetPlace,
  value: unknown,
  x: number,
  y: number,
  width: number,
  colours: Colours,
): string {
  const box = { x: x + PADDING_X, y: y + place.y, width: width - 2 * PADDING_X, height: place.height };
  const frame = rect(box, colours.bg, `rx="4" stroke="${escaped(colours.line)}"`);
  const shown = value === undefined || value === null ? '' : String(value);
  if (place.widget.kind === 'multiline') return frame + lines(box, shown, colours);
  const name = text(box.x + 8, box.y + box.height / 2 + 4, place.name, colours.dim, box.width / 2);
  return (
    frame +
    name +
    text(
      box.x + box.width - 8,
      box.y + box.height / 2 + 4,
      shown,
      colours.text,
      box.width / 2,
      'text-anchor="end"',
    )
  );
}

/** Wrap a text by words into as many lines as fit. */
function lines(box: Rect, value: string, colours: Colours): string {
  const most = Math.max(4, Math.floor((box.width - 16) / LETTER));
  const rows = value
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${most}}(\\s|$)|.{1,${most}}`, 'g')) ?? ['']);
  const fitting = rows.slice(0, Math.floor((box.height - 8) / 16));
  return fitting
    .map((row, at) => text(box.x + 8, box.y + 16 + at * 16, row.trimEnd(), colours.text, box.width))
    .join('');
}

function rect({ x, y, width, height }: Rect, fill: string, more = ''): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${escaped(fill)}" ${more}/>`;
}

function text(x: number, y: number, value: string, fill: string, width: number, more = ''): string {
  const most = Math.max(1, Math.floor(width / LETTER));
  const shown = value.length > most ? `${value.slice(0, most - 1)}…` : value;
  return shown === ''
    ? ''
    : `<text x="${x}" y="${y}" fill="${escaped(fill)}" ${more}>${escaped(shown)}</text>`;
}

const ENTITIES: { readonly [letter: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** XML allows no control characters but these three. */
function escaped(value: string): string {
  return value.replace(/[&<>"]/g, (letter) => ENTITIES[letter]!).replace(/[^\t\n\r\u0020-\uFFFF]/g, '');
}
