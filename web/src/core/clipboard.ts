/**
 * The clipboard: some nodes with the links among them as text, in the form that ComfyUI's editor copies and pastes too.
 *
 *     const clip = clipOf(workflow, path, selection);
 *     event.clipboardData.setData('text/plain', clipText(clip, specs));
 *     event.clipboardData.setData('text/html', clipHtml(clip, specs));
 *     const clip = readClip(html, specs) ?? readClip(text, specs);
 *     paste(workflow, path, clip, view.middle());
 *
 * The text is JSON: {nodes, links, groups, reroutes, subgraphs}, links as objects. In HTML it is in the attribute
 * data-metadata, in Base64.
 */

import { parseExact, writeExact } from './exact.ts';
import { edit, type Draft, type Level } from './edits/draft.ts';
import { shifted } from './edits/move.ts';
import { unlinked } from './edits/nodes.ts';
import { copyInto, pieceOf, type Piece } from './edits/piece.ts';
import { pruneSubgraphs, reachable } from './edits/prune.ts';
import type { Selection } from './editor.ts';
import { largest } from './formats/counts.ts';
import { FormatError, isList, isObject } from './formats/fields.ts';
import { readDocument } from './formats/read.ts';
import { toDocument } from './formats/write.ts';
import { HEADER } from './geometry.ts';
import {
  EMPTY_GRAPH,
  EMPTY_WORKFLOW,
  graphAt,
  INPUT_NODE,
  type End,
  type Graph,
  type JsonObject,
  type Link,
  type Path,
  type Point,
  type Subgraph,
  type Workflow,
} from './graph.ts';
import type { Specs } from './specs.ts';
import { markWidgets } from './subgraphs/marks.ts';
import { subgraphWithPortsOfNow, withPortsOfNow } from './subgraphs/refit.ts';
import { fits } from './types.ts';

export interface Clip {
  /** Its links may start outside: at nodes that were not copied. */
  readonly piece: Piece;
  /** The subgraphs that its nodes stand for, and all inside them. */
  readonly subgraphs: readonly Subgraph[];
}

const NEXT_TO: Point = [20, 20]; // from the original to a copy that nobody gave a place

/** Return what is selected, to be copied; null if that is nothing. */
export function clipOf(workflow: Workflow, path: Path, items: Selection): Clip | null {
  const graph = graphAt(workflow, path);
  const piece = pieceOf(graph, items);
  if (piece.nodes.length + piece.groups.length === 0) return null;
  const links = [...graph.links.values()].filter(({ to }) => items.nodes.has(to.node));
  const subgraphs = subgraphsOf(workflow, piece);
  return { piece: { ...piece, links }, subgraphs };
}

function subgraphsOf(workflow: Workflow, piece: Piece): Subgraph[] {
  const found = new Map<string, Subgraph>();
  const left = piece.nodes.map(({ type }) => type);
  for (let type = left.pop(); type !== undefined; type = left.pop()) {
    const subgraph = workflow.subgraphs.get(type);
    if (subgraph === undefined || found.has(type)) continue;
    found.set(type, subgraph);
    left.push(...[...subgraph.graph.nodes.values()].map((node) => node.type));
  }
  return [...found.values()];
}

/** Return a clip as plain text. */
export function clipText(clip: Clip, specs: Specs): string {
  return writeExact(clipDocument(clip, specs));
}

/** Return a clip as the HTML that ComfyUI's editor reads. */
export function clipHtml(clip: Clip, specs: Specs): string {
  const data = btoa(asciiOf(clipText(clip, specs)));
  return `<meta charset="utf-8"><div><span data-metadata="${data}"></span></div>`;
}

/** Return a JSON text with escapes in place of all letters that are not ASCII, so that every reader decodes it alike. */
function asciiOf(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function clipDocument({ piece, subgraphs }: Clip, specs: Specs): JsonObject {
  const graph: Graph = {
    ...EMPTY_GRAPH,
    nodes: byId(piece.nodes.map(unlinked)),
    links: byId(piece.links),
    groups: byId(piece.groups),
    reroutes: byId(piece.reroutes),
  };
  const definitions = new Map(subgraphs.map((each) => [each.id, each]));
  const workflow = { ...EMPTY_WORKFLOW, root: graph, subgraphs: definitions, raw: { version: 1 } };
  const { nodes, links, groups, reroutes, definitions: written } = toDocument(workflow, specs);
  return {
    nodes: nodes ?? [],
    links: links ?? [],
    groups: groups ?? [],
    reroutes: reroutes ?? [],
    subgraphs: (isObject(written) ? written.subgraphs : null) ?? [],
  };
}

function byId<T extends { readonly id: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** Return the clip in a text or in HTML; null if there is none. A whole workflow's document is none: it is opened. */
export function readClip(text: string, specs: Specs): Clip | null {
  const document = parsed(jsonOf(text));
  if (!isObject(document) || !isList(document.nodes) || document.version !== undefined) return null;
  if (document.last_node_id !== undefined) return null;
  try {
    const { subgraphs: definitions = [], ...level } = document;
    const workflow = readDocument({ ...level, definitions: { subgraphs: definitions } }, specs);
    const { nodes, links, groups, reroutes } = workflow.root;
    const piece = {
      nodes: [...nodes.values()],
      links: [...links.values()],
      groups: [...groups.values()],
      reroutes: [...reroutes.values()],
    };
    return { piece, subgraphs: [...workflow.subgraphs.values()] };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function jsonOf(text: string): string {
  const data = /data-metadata="([A-Za-z0-9+/=]+)"/.exec(text)?.[1];
  if (data === undefined) return text;
  try {
    const bytes = atob(data);
    try {
      const units = Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
      return new TextDecoder('utf-8', { fatal: true }).decode(units);
    } catch {
      return bytes; // older editors wrote Latin-1
    }
  } catch {
    return ''; // not Base64
  }
}

function parsed(text: string): unknown {
  if (!/^\s*\{/.test(text)) return null;
  try {
    return parseExact(text);
  } catch {
    return null;
  }
}

/**
 * Return the workflow with a copy of a clip. `at`: where its upper left corner goes; null: beside the original.
 * `keepsInputs`: links from nodes that were not copied come along, where there are such nodes.
 */
export function paste(
  workflow: Workflow,
  path: Path,
  clip: Clip,
  at: Point | null,
  keepsInputs = false,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const fitted = withPortsOfNow(clip.piece, draft.subgraphs.map);
    addSubgraphs(draft, clip.subgraphs);
    const piece = withoutLoops(level, draft, fitted);
    const [x, y] = cornerOf(piece);
    const by: Point = at === null ? NEXT_TO : shifted(at, [-x, -y]);
    const outside = new Set(level.nodes.map.keys());
    const startOf = (from: End): End | null =>
      outside.has(from.node) || from.node === INPUT_NODE ? from : null;
    const links = piece.links.filter((link) => isInside(link, piece) || hasStart(level, link));
    copyInto(level, draft, { ...piece, links }, by, keepsInputs ? { startOf } : {});
    pruneSubgraphs(draft, new Set(clip.subgraphs.map(({ id }) => id)));
    for (const inside of draft.levels()) markWidgets(inside, draft); // what was copied may be older than the subgraphs
  });
}

/** Add those subgraphs that the workflow lacks; the numbers in them are not given again. */
function addSubgraphs(draft: Draft, subgraphs: readonly Subgraph[]): void {
  const known = new Map(draft.subgraphs.map);
  for (const each of subgraphs) {
    if (draft.subgraphs.has(each.id)) continue;
    const subgraph = subgraphWithPortsOfNow(each, known);
    draft.subgraphs.set(subgraph.id, subgraph);
    const { nodes, links, groups, reroutes } = subgraph.graph;
    draft.lastNodeId = Math.max(draft.lastNodeId, largest(nodes.keys()));
    const others = [...links.keys(), ...groups.keys(), ...reroutes.keys()];
    draft.lastLinkId = Math.max(draft.lastLinkId, largest(others));
  }
}

function isInside({ from }: Link, piece: Piece): boolean {
  return piece.nodes.some(({ id }) => id === from.node);
}

/** Whether a link that starts outside can start on a level: there is such an output, and its type fits. */
function hasStart(level: Level, { from, type }: Link): boolean {
  const outputs = from.node === INPUT_NODE ? level.inputs : level.nodes.get(from.node)?.outputs;
  const output = outputs?.[from.slot];
  return output !== undefined && fits(output.type, type);
}

/** Return a piece without nodes that would put the subgraph around it into itself. */
function withoutLoops(level: Level, draft: Draft, piece: Piece): Piece {
  const around = level.subgraph?.id;
  if (around === undefined) return piece;
  return { ...piece, nodes: piece.nodes.filter(({ type }) => !reachable(draft, [type]).has(around)) };
}

function cornerOf({ nodes, groups }: Piece): Point {
  const places: Point[] = [
    ...nodes.map(({ pos }): Point => [pos[0], pos[1] - HEADER]),
    ...groups.map(({ bounds }): Point => [bounds.x, bounds.y]),
  ];
  return [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
}
