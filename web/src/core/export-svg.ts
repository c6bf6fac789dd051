/**
 * A level of a workflow as an SVG picture: what the canvas shows, with the values of widgets as texts. It needs nothing
 * from outside and scales without loss.
 *
 *     new Blob([svgOf(editor.graph, specOf, colours)], { type: 'image/svg+xml' });
 */

import { writeExact } from './exact.ts';
import { colourOf } from './colours.ts';
import type { Curve } from './curves.ts';
import { isList } from './formats/fields.ts';
import {
  GROUP_HEADER,
  HEADER,
  NOTE_TYPES,
  PADDING_X,
  SOCKET_RADIUS,
  shownName,
  titleOf,
} from './geometry.ts';
import type { Graph, GraphNode, Group, Json, Point } from './graph.ts';
import { Scene, type PlacedNode, type SpecOf } from './scene.ts';

/** Colours of the theme (view/colours.ts reads them), as SVG writes them. */
export interface Palette {
  readonly bg: string;
  readonly node: string;
  readonly head: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
  /** Return a node's own colour as the theme shows it. */
  readonly shade: (colour: string) => string;
}

const MARGIN = 40;
const TITLE = 13; // sizes of letters
const LABEL = 12;
const WIDTH = 0.55; // of an average letter, by its size
const LINE = 16; // of a text of several lines

/** Return the picture of a level; `ports` are the nodes that stand for a subgraph's ends, seen from inside. */
export function svgOf(
  graph: Graph,
  specOf: SpecOf,
  palette: Palette,
  ports: readonly GraphNode[] = [],
): string {
  const scene = new Scene();
  scene.show(graph, specOf, ports);
  const { x, y, width, height } = scene.boundsOf() ?? { x: 0, y: 0, width: 0, height: 0 };
  const box = [x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN].map(round);
  const ground = element('rect', {
    x: box[0],
    y: box[1],
    width: box[2],
    height: box[3],
    fill: palette.bg,
  });
  const links = [...scene.links.values()].map(({ link, curve }) => linkPath(curve, colourOf(link.type)));
  const reroutes = [...graph.reroutes.values()].map(({ pos, links: ids }) =>
    dot(pos, colourOf(graph.links.get(ids[0] ?? '')?.type ?? '*')),
  );
  const parts = [
    ground,
    ...[...graph.groups.values()].map((group) => groupPart(group, palette)),
    ...links,
    ...reroutes,
    ...[...scene.nodes.values()].map((placed) => nodePart(placed, palette)),
  ];
  const size = `width="${box[2]}" height="${box[3]}" viewBox="${box.join(' ')}"`;
  const font = 'font-family="system-ui, sans-serif"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>\n${parts.join('\n')}\n</svg>\n`;
}

function groupPart({ title, bounds, color }: Group, { dim, text }: Palette): string {
  const fill = safeColour(color, dim);
  const { x, y, width, height } = bounds;
  const frame = element('rect', { x, y, width, height, rx: 6, fill, 'fill-opacity': 0.15, stroke: fill });
  return frame + words(title, [x + 10, y + GROUP_HEADER / 2], width - 20, { size: 16, fill: text });
}

function linkPath({ pieces }: Curve, stroke: string): string {
  const start = pieces[0]?.from ?? [0, 0];
  const curves = pieces.map(({ a, b, to }) => `C${[...a, ...b, ...to].map(round).join(' ')}`);
  const d = `M${start.map(round).join(' ')}${curves.join('')}`;
  return element('path', { d, fill: 'none', stroke, 'stroke-width': 2.5 });
}

function nodePart(placed: PlacedNode, palette: Palette): string {
  const { node, spec, bounds, layout } = placed;
  const { x, y, width, height } = bounds;
  const opacity = node.mode === 'always' ? 1 : 0.45;
  const body = element('rect', {
    x,
    y,
    width,
    height,
    rx: 6,
    fill: nodeColour(node.bgcolor, palette.node, palette),
  });
  const head = element('rect', {
    x,
    y,
    width,
    height: HEADER,
    rx: 6,
    fill: nodeColour(node.color, palette.head, palette),
  });
  const frame = element('rect', { x, y, width, height, rx: 6, fill: 'none', stroke: palette.line });
  const title = words(titleOf(node, spec), [x + 10, y + HEADER / 2], width - 20, {
    size: TITLE,
    fill: palette.text,
  });
  const content = node.isCollapsed ? '' : contentOf(placed, palette);
  const sockets = [
    ...layout.inputs.map((place, slot) => ({ place, side: node.inputs[slot] })),
    ...layout.outputs.map((place, slot) => ({ place, side: node.outputs[slot] })),
  ];
  const dots = sockets.flatMap(({ place, side }) => {
    if (place === null || side === undefined || isIdleWidget(side)) return [];
    return [dot(at(node, place), colourOf(side.type))];
  });
  return `<g opacity="${opacity}">${body}${head}${frame}${title}${content}${dots.join('')}</g>`;
}

function contentOf(placed: PlacedNode, palette: Palette): string {
  const { node, bounds } = placed;
  if (!NOTE_TYPES.has(node.type)) return widgetParts(placed, palette) + slotLabels(placed, palette);
  const [text] = isList(node.rawWidgets) ? node.rawWidgets : [];
  return paragraph(textOf(text), at(node, [10, 4]), bounds.width - 20, bounds.height - HEADER - 8, palette);
}

/** Whether a slot stands for a widget that nothing is joined to: its socket is not shown. */
function isIdleWidget(slot: object): boolean {
  return 'widget' in slot && slot.widget !== null && 'link' in slot && slot.link === null;
}

function slotLabels({ node, layout, bounds }: PlacedNode, { dim }: Palette): string {
  const half = bounds.width / 2 - 16;
  const inputs = layout.rows.map((slot) => {
    const input = node.inputs[slot];
    const [x, y] = at(node, layout.inputs[slot] ?? [0, 0]);
    return words(input?.label ?? shownName(input?.name ?? ''), [x + 12, y], half, { size: LABEL, fill: dim });
  });
  const outputs = node.outputs.map((output, slot) => {
    const [x, y] = at(node, layout.outputs[slot] ?? [0, 0]);
    const style = { size: LABEL, fill: dim, 'text-anchor': 'end' };
    return words(output.label ?? output.name, [x - 12, y], half, style);
  });
  return [...inputs, ...outputs].join('');
}

function widgetParts({ node, layout, bounds }: PlacedNode, palette: Palette): string {
  const [x, width] = [node.pos[0] + PADDING_X, bounds.width - 2 * PADDING_X];
  return layout.widgets
    .map(({ name, widget, y: top, height }) => {
      const y = node.pos[1] + top;
      const field = element('rect', { x, y, width, height, rx: 4, fill: palette.bg });
      const value = textOf(node.widgets[name]);
      if (widget.kind === 'multiline')
        return field + paragraph(value, [x + 8, y], width - 16, height, palette);
      const middle = y + height / 2;
      const label = words(shownName(name), [x + 8, middle], width / 2 - 10, {
        size: LABEL,
        fill: palette.dim,
      });
      const style = { size: LABEL, fill: palette.text, 'text-anchor': 'end' };
      return field + label + words(value, [x + width - 8, middle], width / 2 - 10, style);
    })
    .join('');
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? writeExact(value) : String(value);
}

/** Return the lines of a text that fit into a height, broken between words. */
function paragraph(
  text: string,
  [x, y]: Point,
  width: number,
  height: number,
  { text: fill }: Palette,
): string {
  const most = Math.max(1, Math.floor(width / (LABEL * WIDTH)));
  const lines = text.split('\n').flatMap((line) => broken(line, most));
  const room = Math.max(1, Math.floor((height - 6) / LINE));
  const shown = lines.slice(0, room).map((line, index) => {
    return index === room - 1 && lines.length > room ? `${line} …` : line;
  });
  const style = { size: LABEL, fill };
  return shown.map((line, index) => words(line, [x, y + 12 + index * LINE], width, style)).join('');
}

function broken(line: string, most: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    if (current !== '' && current.length + word.length >= most) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

interface Style {
  readonly size: number;
  readonly fill: string;
  readonly 'text-anchor'?: string;
}

/** Return one line of text around a middle, cut at a width. */
function words(text: string, [x, y]: Point, width: number, { size, ...style }: Style): string {
  const most = Math.max(1, Math.floor(width / (size * WIDTH)));
  const letters = [...text];
  const cut = letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
  if (cut === '') return '';
  const attributes = { x, y, 'font-size': size, 'dominant-baseline': 'central', ...style };
  return element('text', attributes, escaped(cut));
}

function dot([cx, cy]: Point, fill: string): string {
  return element('circle', { cx, cy, r: SOCKET_RADIUS, fill });
}

function at(node: GraphNode, [x, y]: Point): Point {
  return [node.pos[0] + x, node.pos[1] + y];
}

function element(
  name: string,
  attributes: { readonly [name: string]: string | number | undefined },
  content = '',
): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => {
    return value === undefined
      ? []
      : [`${key}="${typeof value === 'number' ? round(value) : escaped(value)}"`];
  });
  const start = `<${name} ${written.join(' ')}`;
  return content === '' ? `${start}/>` : `${start}>${content}</${name}>`;
}

function nodeColour(color: string | null, usual: string, { shade }: Palette): string {
  return safeColour(color === null ? null : shade(color), usual);
}

/** Return a file's colour if it is one and nothing else; a paint server's address would reach outside. */
function safeColour(color: string | null, usual: string): string {
  return color !== null && /^(#[0-9a-f]{3,8}|[a-z]+|(rgb|hsl)a?\([\d\s.,%/a-z]*\))$/i.test(color)
    ? color
    : usual;
}

/** Return a text as XML has it; control characters, which XML cannot hold, are left out. */
function escaped(text: string): string {
  const entities: { readonly [letter: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (letter) => entities[letter] ?? letter);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
