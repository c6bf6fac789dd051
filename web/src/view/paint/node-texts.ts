/**
 * The texts of nodes on the canvas: gathered first and written by their fonts, because changing the font takes as long
 * as writing some words. They are cut by their number of letters: measuring each takes longer than writing it.
 */

import { HEADER, PADDING_X, shownName, titleOf, type WidgetPlace } from '../../core/geometry.ts';
import type { GraphNode, InputSlot, OutputSlot, Point } from '../../core/graph.ts';
import type { PlacedNode } from '../../core/scene.ts';
import { valueText } from '../../widgets/value-text.ts';
import type { Colours } from '../colours.ts';
import { isDark } from '../nodes/contrast.ts';
import { cutText } from './brush.ts';

interface Face {
  readonly size: number; // graph units, as NodeBody has them
  /** The width of an average letter, of the size. */
  readonly letter: number;
}

interface Run {
  readonly text: string;
  readonly at: Point;
  /** How wide it may be. */
  readonly room: number;
  readonly colour: string;
  readonly alpha: number;
}

const TITLE: Face = { size: 13, letter: 0.62 };
const TEXT: Face = { size: 12, letter: 0.54 };
const LINE = TEXT.size * 1.4;
const BASELINE = 0.75; // browsers put the middle of a line a little lower than canvases do
const LABEL_X = 12;
const TITLE_X = 30;
const INSET = 15; // between the side of a widget and its text
// As NodeBody has them, on nodes with colours of their own: titles, then names.
const INKS = {
  onDark: ['#f2f3f5', 'rgb(255 255 255 / 75%)'],
  onLight: ['#16181c', 'rgb(0 0 0 / 70%)'],
} as const;

export class NodeTexts {
  readonly #titles: Run[] = [];
  readonly #starting: Run[] = [];
  readonly #ending: Run[] = [];

  constructor(private readonly colours: Colours) {}

  /** `tools`: how much of a widget its buttons take. */
  add(placed: PlacedNode, tools: (place: WidgetPlace) => number, alpha: number): void {
    const { node, spec, bounds, layout } = placed;
    const { colours } = this;
    const { x, y, width } = bounds;
    const at: Point = [x + TITLE_X, y + HEADER / 2];
    const title = inkOn(node.color ?? node.bgcolor, colours, 0) ?? colours.text;
    const room = width - TITLE_X - LABEL_X;
    this.#titles.push({ text: titleOf(node, spec), at, room, colour: title, alpha });
    if (node.isCollapsed) return;
    this.#addNames(placed, inkOn(node.bgcolor, colours, 1) ?? colours.dim, alpha);
    for (const place of layout.widgets) {
      if (place.widget.kind === 'multiline') this.#addLines(node, place, bounds.width, alpha);
      else this.#addWidget(node, place, bounds.width - tools(place), alpha);
    }
  }

  write(context: CanvasRenderingContext2D): void {
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    context.font = `600 ${TITLE.size}px ${this.colours.font}`;
    for (const run of this.#titles) write(context, run, TITLE);
    context.font = `${TEXT.size}px ${this.colours.font}`;
    for (const run of this.#starting) write(context, run, TEXT);
    context.textAlign = 'right';
    for (const run of this.#ending) write(context, run, TEXT);
    context.textAlign = 'left';
    context.globalAlpha = 1;
  }

  #addNames({ node, layout, bounds }: PlacedNode, colour: string, alpha: number): void {
    const [left, top] = node.pos;
    const rest = { room: bounds.width * 0.6, colour, alpha };
    for (const row of layout.rows) {
      const [across, down] = layout.inputs[row] ?? [0, 0];
      const at: Point = [left + across + LABEL_X, top + down];
      this.#starting.push({ text: nameOf(node.inputs[row]), at, ...rest });
    }
    layout.outputs.forEach(([across, down], index) => {
      const at: Point = [left + across - LABEL_X, top + down];
      this.#ending.push({ text: nameOf(node.outputs[index]), at, ...rest });
    });
  }

  #addWidget(node: GraphNode, place: WidgetPlace, end: number, alpha: number): void {
    const slot = place.slot === null ? undefined : node.inputs[place.slot];
    const name = slot?.label ?? shownName(place.name);
    const text = valueText(node.widgets[place.name] ?? place.widget.default, place.widget);
    const [left, right] = [PADDING_X + INSET, end - PADDING_X - INSET];
    const taken = Math.min((right - left) / 2, widthOf(name, TEXT));
    const y = node.pos[1] + place.y + place.height / 2;
    const { dim, text: plain } = this.colours;
    const [from, to]: [Point, Point] = [
      [node.pos[0] + left, y],
      [node.pos[0] + right, y],
    ];
    this.#starting.push({ text: name, at: from, room: taken + TEXT.size, colour: dim, alpha });
    this.#ending.push({ text, at: to, room: right - left - taken, colour: plain, alpha });
  }

  #addLines(node: GraphNode, place: WidgetPlace, width: number, alpha: number): void {
    const value = valueText(node.widgets[place.name] ?? place.widget.default, place.widget);
    const text = value || place.widget.placeholder || shownName(place.name);
    const colour = value === '' ? this.colours.dim : this.colours.text;
    const room = width - 2 * PADDING_X - 18;
    const most = Math.max(1, Math.floor((place.height - 10) / LINE));
    brokenText(text, Math.max(1, Math.floor(room / (TEXT.size * TEXT.letter))), most).forEach(
      (line, index) => {
        const y = node.pos[1] + place.y + 6 + (index + 0.5) * LINE;
        const at: Point = [node.pos[0] + PADDING_X + 9, y];
        this.#starting.push({ text: line, at, room: room + TEXT.size, colour, alpha });
      },
    );
  }
}

/** Return the first lines of a text, broken at spaces where there are some. */
export function brokenText(text: string, letters: number, most: number): string[] {
  const line = new RegExp(`.{1,${letters}}(?:\\s|$)|.{1,${letters}}`, 'g');
  const lines = text
    .slice(0, letters * most)
    .split('\n')
    .slice(0, most);
  return lines.flatMap((part) => part.match(line) ?? ['']).slice(0, most);
}

function write(context: CanvasRenderingContext2D, { text, at, room, colour, alpha }: Run, face: Face): void {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fillText(cutText(text, room, face.size, face.letter), at[0], at[1] + BASELINE);
}

function widthOf(text: string, { size, letter }: Face): number {
  return text.length * size * letter;
}

/** Return the colour of a title or a name on a node's own colour; null if it has none. */
function inkOn(ground: string | null, { shade }: Colours, which: 0 | 1): string | null {
  if (ground === null) return null;
  return INKS[isDark(shade(ground)) ? 'onDark' : 'onLight'][which];
}

function nameOf(slot: InputSlot | OutputSlot | undefined): string {
  return slot?.label ?? shownName(slot?.name ?? '');
}
