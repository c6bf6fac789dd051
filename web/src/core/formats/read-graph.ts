/**
 * One level of an editor document as a Graph: nodes, links, groups and reroutes. Each keeps what the file had in `raw`;
 * write-graph.ts reads that again to see what has changed. Widgets are named later, when all subgraphs are known.
 *
 * Links are lists in version 0.4 (where reroutes are in `extra`), objects in 1.0 and in subgraphs.
 */

import {
  INPUT_NODE,
  OUTPUT_NODE,
  type Graph,
  type GraphNode,
  type Group,
  type InputSlot,
  type Json,
  type JsonObject,
  type Link,
  type LinkId,
  type Mode,
  type OutputSlot,
  type Reroute,
  type RerouteId,
} from '../graph.ts';
import {
  FormatError,
  idOf,
  isList,
  isObject,
  pairOf,
  textOf,
  wantId,
  wantIndex,
  wantList,
  wantObject,
  wantText,
} from './fields.ts';

/** Under which a link's `raw` keeps the list that it was. */
export const LIST = '[]';
/** What the shape of an optional input's socket is in files. */
export const OPTIONAL_SHAPE = 7;
export const MUTE_MODE = 2;
export const BYPASS_MODE = 4;
const USUAL_SIZE = [210, 60] as const;

/** The ids that a file gives to the ends of a subgraph's links; here they are INPUT_NODE and OUTPUT_NODE. */
export interface Ends {
  readonly input: string;
  readonly output: string;
}

export const USUAL_ENDS: Ends = { input: INPUT_NODE, output: OUTPUT_NODE };

/** Return a level; `prefix` goes before the places that errors name. */
export function readGraph(fields: JsonObject, prefix: string, ends: Ends = USUAL_ENDS): Graph {
  return {
    nodes: readNodes(fields.nodes, `${prefix}nodes`),
    links: readLinks(fields, prefix, ends),
    groups: readGroups(fields.groups, `${prefix}groups`),
    reroutes: readReroutes(fields, prefix),
    raw: {},
  };
}

function readNodes(items: unknown, place: string): Map<string, GraphNode> {
  const nodes = new Map<string, GraphNode>();
  wantList(items, place).forEach((item, index) => {
    const node = readNode(wantObject(item, `${place}[${index}]`), `${place}[${index}]`);
    if (nodes.has(node.id)) {
      throw new FormatError(`${place}[${index}].id: there are two nodes #${node.id}.`);
    }
    nodes.set(node.id, node);
  });
  return nodes;
}

/** Return a node without its widgets' values. */
export function readNode(fields: JsonObject, place: string): GraphNode {
  const flags = isObject(fields.flags) ? fields.flags : {};
  return {
    id: wantId(fields.id, `${place}.id`),
    type: wantText(fields.type, `${place}.type`),
    title: textOf(fields.title),
    pos: pairOf(fields.pos) ?? [0, 0],
    size: pairOf(fields.size) ?? USUAL_SIZE,
    mode: modeOf(fields.mode),
    isCollapsed: flags.collapsed === true,
    isPinned: flags.pinned === true,
    color: textOf(fields.color),
    bgcolor: textOf(fields.bgcolor),
    inputs: wantList(fields.inputs, `${place}.inputs`).map((item, index) =>
      readInput(wantObject(item, `${place}.inputs[${index}]`), `${place}.inputs[${index}]`),
    ),
    outputs: wantList(fields.outputs, `${place}.outputs`).map((item, index) =>
      readOutput(wantObject(item, `${place}.outputs[${index}]`), `${place}.outputs[${index}]`),
    ),
    widgets: {},
    rawWidgets: undefined,
    properties: wantObject(fields.properties ?? {}, `${place}.properties`),
    raw: fields,
  };
}

function modeOf(value: Json | undefined): Mode {
  return value === MUTE_MODE ? 'mute' : value === BYPASS_MODE ? 'bypass' : 'always';
}

export function readInput(fields: JsonObject, place: string): InputSlot {
  const name = nameOf(fields);
  return {
    name,
    type: textOf(fields.type) ?? '*',
    label: textOf(fields.label),
    widget: isObject(fields.widget) ? (textOf(fields.widget.name) ?? name) : null,
    isOptional: fields.shape === OPTIONAL_SHAPE,
    link: isNothing(fields.link) ? null : wantId(fields.link, `${place}.link`),
    raw: fields,
  };
}

export function readOutput(fields: JsonObject, place: string): OutputSlot {
  return {
    name: nameOf(fields),
    type: textOf(fields.type) ?? '*',
    label: textOf(fields.label),
    links: wantList(fields.links, `${place}.links`).map((id) => wantId(id, `${place}.links`)),
    raw: fields,
  };
}

function nameOf(fields: JsonObject): string {
  return isNothing(fields.name) ? '' : String(fields.name);
}

function isNothing(value: Json | undefined): value is null | undefined {
  return value === null || value === undefined;
}

/** Return the links of a level as the file lists them, without holes. */
export function listedLinks(links: Json | undefined, place: string): readonly Json[] {
  const items = isObject(links) ? Object.values(links) : wantList(links, place);
  return items.filter((item) => item !== null);
}

function readLinks(fields: JsonObject, prefix: string, ends: Ends): Map<LinkId, Link> {
  const links = new Map<LinkId, Link>();
  const parents = linkParents(fields);
  listedLinks(fields.links, `${prefix}links`).forEach((item, index) => {
    const link = readLink(item, `${prefix}links[${index}]`, ends);
    links.set(link.id, { ...link, parent: link.parent ?? parents.get(link.id) ?? null });
  });
  return links;
}

/** Return a link from a list of six values or an object. */
export function readLink(item: Json, place: string, ends: Ends): Link {
  const fields = isList(item) ? linkFields(item, place) : wantObject(item, place);
  const [from, to] = [
    wantId(fields.origin_id, `${place}, origin`),
    wantId(fields.target_id, `${place}, target`),
  ];
  return {
    id: wantId(fields.id, `${place}, id`),
    from: {
      node: from === ends.input ? INPUT_NODE : from,
      slot: wantIndex(fields.origin_slot, `${place}, slot of the origin`),
    },
    to: {
      node: to === ends.output ? OUTPUT_NODE : to,
      slot: wantIndex(fields.target_slot, `${place}, slot of the target`),
    },
    type: textOf(fields.type) ?? '*',
    parent: idOf(fields.parentId),
    raw: isList(item) ? { [LIST]: item } : fields,
  };
}

function linkFields(item: readonly Json[], place: string): JsonObject {
  const [id, origin_id, origin_slot, target_id, target_slot, type] = item;
  if (id === undefined || origin_id === undefined || origin_slot === undefined) throw tooShort(item, place);
  if (target_id === undefined || target_slot === undefined) throw tooShort(item, place);
  return { id, origin_id, origin_slot, target_id, target_slot, type: type ?? null };
}

function tooShort(item: readonly Json[], place: string): FormatError {
  const sentence = 'a link has six: id, from, slot, to, slot, type.';
  return new FormatError(`${place} has ${item.length} values; ${sentence}`);
}

/** Return the last reroute of each link, where the file tells that in `extra`. */
export function linkParents(fields: JsonObject): ReadonlyMap<LinkId, RerouteId> {
  const parents = new Map<LinkId, RerouteId>();
  const extensions = isObject(fields.extra) ? fields.extra.linkExtensions : null;
  for (const entry of isList(extensions) ? extensions : []) {
    const [id, parent] = isObject(entry) ? [idOf(entry.id), idOf(entry.parentId)] : [null, null];
    if (id !== null && parent !== null) parents.set(id, parent);
  }
  return parents;
}

function readReroutes(fields: JsonObject, prefix: string): Map<RerouteId, Reroute> {
  const extra = isObject(fields.extra) ? fields.extra : {};
  const [items, place] = isNothing(fields.reroutes)
    ? [extra.reroutes, `${prefix}extra.reroutes`]
    : [fields.reroutes, `${prefix}reroutes`];
  const reroutes = wantList(items, place).map((item, index) =>
    readReroute(wantObject(item, `${place}[${index}]`), `${place}[${index}]`),
  );
  return new Map(reroutes.map((reroute) => [reroute.id, reroute]));
}

export function readReroute(fields: JsonObject, place: string): Reroute {
  return {
    id: wantId(fields.id, `${place}.id`),
    pos: pairOf(fields.pos) ?? [0, 0],
    parent: idOf(fields.parentId),
    links: wantList(fields.linkIds, `${place}.linkIds`).map((id) => wantId(id, `${place}.linkIds`)),
    raw: fields,
  };
}

/** Groups of old files have no ids, some share one: those get ids that no file has. */
function readGroups(items: unknown, place: string): Map<string, Group> {
  const groups = new Map<string, Group>();
  wantList(items, place).forEach((item, index) => {
    const group = readGroup(wantObject(item, `${place}[${index}]`), `#${index}`);
    const id = groups.has(group.id) ? `#${index}` : group.id;
    groups.set(id, { ...group, id });
  });
  return groups;
}

export function readGroup(fields: JsonObject, id: string): Group {
  const [x, y, width, height] = isList(fields.bounding) ? fields.bounding.map(Number) : [];
  return {
    id: idOf(fields.id) ?? id,
    title: textOf(fields.title) ?? '',
    bounds: { x: x ?? 0, y: y ?? 0, width: width ?? 140, height: height ?? 80 },
    color: textOf(fields.color),
    isPinned: isObject(fields.flags) && fields.flags.pinned === true,
    raw: fields,
  };
}
