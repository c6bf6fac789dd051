/**
 * One level of a workflow as a part of a document. Each piece is written over what its file had (`raw`): what reads the
 * same stays as it was written, so that a workflow which was only opened is saved as the same document.
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
  type Mode,
  type OutputSlot,
  type Rect,
  type Reroute,
} from '../graph.ts';
import { sameJson } from '../json.ts';
import { idOf, indexOf, isList, isObject, textOf } from './fields.ts';
import {
  BYPASS_MODE,
  LIST,
  MUTE_MODE,
  OPTIONAL_SHAPE,
  readGroup,
  readInput,
  readNode,
  readOutput,
  readReroute,
  type Ends,
} from './read-graph.ts';

const MODES: { readonly [mode in Mode]: number } = { always: 0, mute: MUTE_MODE, bypass: BYPASS_MODE };

const VALUE_FIELDS = ['widgets_values', 'widgets_values_named'] as const;

/** Return the fields of a node's document that hold the values of its widgets. */
export type WriteValues = (node: GraphNode) => JsonObject;

export function writeNode(node: GraphNode, order: number, values: WriteValues): JsonObject {
  const raw = node.raw.type === undefined ? newNodeFields(node, order) : node.raw;
  const before = readNode(raw, 'raw');
  const fields: { [name: string]: Json } = { ...raw };
  if (node.id !== before.id) fields.id = idValue(node.id);
  if (node.type !== before.type) fields.type = node.type;
  if (!sameJson(node.pos, before.pos)) fields.pos = node.pos;
  if (!sameJson(node.size, before.size)) fields.size = node.size;
  if (node.mode !== before.mode) fields.mode = MODES[node.mode];
  for (const name of ['title', 'color', 'bgcolor'] as const) {
    if (node[name] !== before[name]) put(fields, name, node[name]);
  }
  if (node.isCollapsed !== before.isCollapsed || node.isPinned !== before.isPinned) {
    fields.flags = writeFlags(raw.flags, node.isPinned, node.isCollapsed);
  }
  putList(fields, 'inputs', node.inputs.map(writeInput), node.inputs, before.inputs);
  putList(fields, 'outputs', node.outputs.map(writeOutput), node.outputs, before.outputs);
  if (!sameJson(node.properties, before.properties)) fields.properties = node.properties;
  const written = values(node);
  for (const name of VALUE_FIELDS) if (!(name in written)) delete fields[name];
  return Object.assign(fields, written);
}

function newNodeFields(node: GraphNode, order: number): JsonObject {
  const { pos, size, type } = node;
  return {
    id: idValue(node.id),
    type,
    pos,
    size,
    flags: {},
    order,
    mode: 0,
    inputs: [],
    outputs: [],
    properties: {},
  };
}

/** Return an id as a number if it is one, as files have it. */
function idValue(id: string): Json {
  return /^-?(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id;
}

function keepId(raw: Json | undefined, id: string): Json {
  return raw !== undefined && idOf(raw) === id ? raw : idValue(id);
}

function put(fields: { [name: string]: Json }, name: string, value: Json): void {
  if (value === null) delete fields[name];
  else fields[name] = value;
}

/** Put a list into fields unless there is nothing to say: it was empty or not there, and still is. */
function putList(
  fields: { [name: string]: Json },
  name: string,
  written: readonly Json[],
  now: readonly unknown[],
  before: readonly unknown[],
): void {
  if (now.length > 0 || before.length > 0) fields[name] = written;
}

function writeFlags(raw: Json | undefined, isPinned: boolean, isCollapsed?: boolean): JsonObject {
  const flags: { [name: string]: Json } = isObject(raw) ? { ...raw } : {};
  put(flags, 'pinned', isPinned ? true : null);
  if (isCollapsed !== undefined) put(flags, 'collapsed', isCollapsed ? true : null);
  return flags;
}

function writeInput(slot: InputSlot): JsonObject {
  const raw = slot.raw.name === undefined ? { name: slot.name, type: slot.type, link: null } : slot.raw;
  const before = readInput(raw, 'raw');
  const fields = writeSlot(slot, raw, before);
  if (slot.link !== before.link) fields.link = slot.link === null ? null : idValue(slot.link);
  if (slot.widget !== before.widget)
    put(fields, 'widget', slot.widget === null ? null : { name: slot.widget });
  if (slot.isOptional !== before.isOptional) put(fields, 'shape', slot.isOptional ? OPTIONAL_SHAPE : null);
  return fields;
}

function writeOutput(slot: OutputSlot): JsonObject {
  const raw = slot.raw.name === undefined ? { name: slot.name, type: slot.type, links: [] } : slot.raw;
  const before = readOutput(raw, 'raw');
  const fields = writeSlot(slot, raw, before);
  if (!sameJson(slot.links, before.links)) fields.links = slot.links.map(idValue);
  return fields;
}

interface Named {
  readonly name: string;
  readonly type: string;
  readonly label: string | null;
}

/** Return a slot's or port's fields with its name, type and label. */
export function writeSlot(slot: Named, raw: JsonObject, before: Named): { [name: string]: Json } {
  const fields: { [name: string]: Json } = { ...raw };
  if (slot.name !== before.name) fields.name = slot.name;
  if (slot.type !== before.type) fields.type = slot.type;
  if (slot.label !== before.label) put(fields, 'label', slot.label);
  return fields;
}

export function writeIds(raw: Json | undefined, ids: readonly string[]): readonly Json[] {
  const list = isList(raw) ? raw : [];
  return ids.map((id, index) => keepId(list[index], id));
}

/** Return a link as a list of six, as version 0.4 has them. */
export function linkAsList({ id, from, to, type, raw }: Link): readonly Json[] {
  const old = isList(raw[LIST]) ? raw[LIST] : [];
  return [
    keepId(old[0], id),
    keepId(old[1], from.node),
    keepIndex(old[2], from.slot),
    keepId(old[3], to.node),
    keepIndex(old[4], to.slot),
    ...(old.length === 5 && type === '*' ? [] : [keepType(old[5], type)]),
    ...old.slice(6),
  ];
}

/** Return a link as an object, as version 1.0 and subgraphs have them. */
export function linkAsObject(link: Link, ends: Ends): JsonObject {
  const { [LIST]: _, ...old } = link.raw;
  const { id, from, to, type, parent } = link;
  const fields: { [name: string]: Json } = {
    ...old,
    id: keepId(old.id, id),
    origin_id: keepId(old.origin_id, from.node === INPUT_NODE ? ends.input : from.node),
    origin_slot: keepIndex(old.origin_slot, from.slot),
    target_id: keepId(old.target_id, to.node === OUTPUT_NODE ? ends.output : to.node),
    target_slot: keepIndex(old.target_slot, to.slot),
    type: keepType(old.type, type),
  };
  if (idOf(old.parentId) !== parent) put(fields, 'parentId', parent === null ? null : idValue(parent));
  return fields;
}

function keepIndex(raw: Json | undefined, index: number): Json {
  return raw !== undefined && indexOf(raw) === index ? raw : index;
}

function keepType(raw: Json | undefined, type: string): Json {
  return raw !== undefined && (textOf(raw) ?? '*') === type ? raw : type;
}

/** Return where the last reroutes of links are told beside the links, for version 0.4. */
export function linkExtensions(graph: Graph): JsonObject[] {
  return [...graph.links.values()].flatMap(({ id, parent }) =>
    parent === null ? [] : [{ id: idValue(id), parentId: idValue(parent) }],
  );
}

export function writeReroute(reroute: Reroute): JsonObject {
  const { raw } = reroute;
  const before = raw.id === undefined ? null : readReroute(raw, 'raw');
  const fields: { [name: string]: Json } = { ...raw, id: keepId(raw.id, reroute.id) };
  if (reroute.parent !== (before?.parent ?? null)) {
    put(fields, 'parentId', reroute.parent === null ? null : idValue(reroute.parent));
  }
  if (before === null || !sameJson(reroute.pos, before.pos)) fields.pos = reroute.pos;
  if (before === null || !sameJson(reroute.links, before.links)) {
    fields.linkIds = writeIds(raw.linkIds, reroute.links);
  }
  return fields;
}

export function writeGroup(group: Group): JsonObject {
  const { raw, id, title, bounds, color, isPinned } = group;
  const isNew = raw.bounding === undefined && raw.title === undefined;
  const before = readGroup(isNew ? { title: null } : raw, '');
  const fields: { [name: string]: Json } = isNew ? { id: idValue(id), flags: {} } : { ...raw };
  if (!id.startsWith('#') && id !== before.id) fields.id = idValue(id);
  if (isNew || title !== before.title) fields.title = title;
  if (isNew || !sameJson(listOf(bounds), listOf(before.bounds))) fields.bounding = listOf(bounds);
  if (color !== before.color) put(fields, 'color', color);
  if (isPinned !== before.isPinned) fields.flags = writeFlags(raw.flags, isPinned);
  return fields;
}

function listOf({ x, y, width, height }: Rect): readonly number[] {
  return [x, y, width, height];
}
