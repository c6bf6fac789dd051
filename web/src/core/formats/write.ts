/**
 * Workflows as documents of the editor's form: 0.4 for new ones, for others the version that they had.
 *
 *     writeExact(toDocument(editor.workflow, specs));
 *
 * A workflow that was only opened gives the document that it was, with all that the editor does not know.
 */

import type { Graph, GraphNode, Json, JsonObject, Port, Subgraph, Workflow } from '../graph.ts';
import { sameJson } from '../json.ts';
import type { Specs } from '../specs.ts';
import { countsOf, largest, type Counts } from './counts.ts';
import { isList, isObject } from './fields.ts';
import { writePromoted } from './promoted-values.ts';
import { linkParents, listedLinks, USUAL_ENDS, type Ends } from './read-graph.ts';
import { endPos, endsOf, readPort } from './read-subgraphs.ts';
import { writeValues } from './widget-values.ts';
import {
  linkAsList,
  linkAsObject,
  linkExtensions,
  writeGroup,
  writeIds,
  writeNode,
  writeReroute,
  writeSlot,
  type WriteValues,
} from './write-graph.ts';

const NEW_DOCUMENT: JsonObject = {
  last_node_id: 0,
  last_link_id: 0,
  nodes: [],
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
};
const NEW_SUBGRAPH: JsonObject = { version: 1, revision: 0, config: {}, widgets: [], extra: {} };
const END_SIZE = [120, 60] as const; // of the blocks of a new subgraph's ends

const NO_PLACES: JsonObject = {
  inputNode: { id: Number(USUAL_ENDS.input), bounding: [0, 0, ...END_SIZE] },
  outputNode: { id: Number(USUAL_ENDS.output), bounding: [0, 0, ...END_SIZE] },
};

/** Return the editor's document of a workflow. */
export function toDocument(workflow: Workflow, specs: Specs): JsonObject {
  const raw = workflow.raw.nodes === undefined ? { ...NEW_DOCUMENT, ...workflow.raw } : workflow.raw;
  const values = writerOf(workflow, specs);
  const usesLists = !isVersion1(raw) && !listedLinks(raw.links, 'links').some(isObject);
  const level = usesLists
    ? { ...writeLevel(workflow.root, raw, values, null), ...withExtra(workflow.root, raw) }
    : writeLevel(workflow.root, raw, values, USUAL_ENDS);
  const counted = { ...raw, ...level, ...rootCounts(workflow, raw) };
  return { ...counted, ...definitionsField(workflow, raw, values) };
}

function isVersion1(raw: JsonObject): boolean {
  return typeof raw.version === 'number' && raw.version >= 1;
}

function writerOf(workflow: Workflow, specs: Specs): WriteValues {
  return (node) => {
    const subgraph = workflow.subgraphs.get(node.type);
    if (subgraph !== undefined) return writePromoted(node, subgraph, workflow.subgraphs);
    const spec = specs.get(node.type);
    const isNamed = node.rawWidgets === undefined || Object.keys(node.widgets).length > 0;
    if (spec !== undefined && isNamed) return writeValues(node.raw, node.widgets, spec, node.inputs);
    return unknownValues(node);
  };
}

/** Return the values of a node whose type is unknown now: as its file has them, or those that it was given by name. */
function unknownValues(node: GraphNode): JsonObject {
  const { widgets_values: saved = node.widgets, widgets_values_named: named } = node.raw;
  const isEmpty = node.rawWidgets === undefined && Object.keys(node.widgets).length === 0;
  if (isEmpty && node.raw.widgets_values === undefined) return {};
  return {
    widgets_values: node.rawWidgets ?? saved,
    ...(named === undefined ? {} : { widgets_values_named: named }),
  };
}

/** Return nodes, links, groups and reroutes of a level. `ends`: its links are objects; null: they are lists. */
function writeLevel(graph: Graph, raw: JsonObject, values: WriteValues, ends: Ends | null): JsonObject {
  const links = [...graph.links.values()];
  const written = links.map((link) => (ends === null ? linkAsList(link) : linkAsObject(link, ends)));
  const reroutes = ends === null ? [] : [...graph.reroutes.values()].map(writeReroute);
  return {
    nodes: [...graph.nodes.values()].map((node, index) => writeNode(node, index, values)),
    links:
      sameJson(listedLinks(raw.links, 'links'), written) && raw.links !== undefined ? raw.links : written,
    ...listField('groups', [...graph.groups.values()].map(writeGroup), raw.groups),
    ...(ends === null ? {} : listField('reroutes', reroutes, raw.reroutes)),
  };
}

/** Return a field with a list; none if the file has none and there is nothing to write. */
function listField(name: string, list: readonly Json[], raw: Json | undefined): JsonObject {
  return list.length > 0 || isList(raw) ? { [name]: list } : {};
}

/** Return `extra` with the reroutes, which version 0.4 keeps there. */
function withExtra(graph: Graph, raw: JsonObject): JsonObject {
  const extra = isObject(raw.extra) ? raw.extra : {};
  const reroutes = [...graph.reroutes.values()].map(writeReroute);
  const place = isList(raw.reroutes) ? {} : listField('reroutes', reroutes, extra.reroutes);
  const told = linkParents(raw);
  const isSame = [...graph.links.values()].every(({ id, parent }) => parent === (told.get(id) ?? null));
  const extensions = isSame ? {} : { linkExtensions: linkExtensions(graph) };
  const fields = isList(raw.reroutes) ? listField('reroutes', reroutes, raw.reroutes) : {};
  const isBare = raw.extra === undefined && Object.keys({ ...place, ...extensions }).length === 0;
  return { ...fields, ...(isBare ? {} : { extra: { ...extra, ...place, ...extensions } }) };
}

/** Return the largest ids, where they have grown since the file was read. */
function rootCounts(workflow: Workflow, raw: JsonObject): JsonObject {
  const before = countsOf(raw);
  if (!hasGrown(workflow, before)) return {};
  const state = isObject(raw.state) ? raw.state : null;
  if (isVersion1(raw) || (state !== null && raw.last_node_id === undefined)) {
    return { state: { ...state, ...grownState(workflow, state ?? {}) } };
  }
  return { last_node_id: workflow.lastNodeId, last_link_id: workflow.lastLinkId };
}

function hasGrown(now: Counts, before: Counts): boolean {
  return now.lastNodeId > before.lastNodeId || now.lastLinkId > before.lastLinkId;
}

function grownState({ lastNodeId, lastLinkId }: Counts, state: JsonObject): JsonObject {
  const [lastGroupId, lastRerouteId] = [state.lastGroupId, state.lastRerouteId].map((count) =>
    Math.max(largest([count]), lastLinkId),
  );
  return { lastNodeId, lastLinkId, lastGroupId: lastGroupId ?? 0, lastRerouteId: lastRerouteId ?? 0 };
}

/** Return `definitions` with all subgraphs, those of inner definitions where they were. */
function definitionsField(workflow: Workflow, raw: JsonObject, values: WriteValues): JsonObject {
  const isGrown = hasGrown(workflow, countsOf(workflow.raw));
  const write = (subgraph: Subgraph, around: readonly string[]): JsonObject => {
    const fields = writeSubgraph(subgraph, workflow, values, isGrown);
    const path = [...around, subgraph.id];
    const ids = definedIn(subgraph.raw).filter((id) => workflow.subgraphs.has(id) && !path.includes(id));
    if (ids.length === 0) return fields;
    const definitions = isObject(fields.definitions) ? fields.definitions : {};
    const subgraphs = ids.map((id) => write(workflow.subgraphs.get(id) as Subgraph, path));
    return { ...fields, definitions: { ...definitions, subgraphs } };
  };
  const all = [...workflow.subgraphs.values()];
  const [outer, inner] = [new Set(definedIn(raw)), new Set(all.flatMap((each) => definedIn(each.raw)))];
  const written = all.filter(({ id }) => outer.has(id) || !inner.has(id)).map((each) => write(each, []));
  const definitions = isObject(raw.definitions) ? raw.definitions : null;
  if (written.length === 0 && !isList(definitions?.subgraphs)) return {};
  return { definitions: { ...definitions, subgraphs: written } };
}

function definedIn(raw: JsonObject): string[] {
  const list = isObject(raw.definitions) ? raw.definitions.subgraphs : null;
  return (isList(list) ? list : []).flatMap((each) => (isObject(each) ? [String(each.id)] : []));
}

function writeSubgraph(
  subgraph: Subgraph,
  workflow: Workflow,
  values: WriteValues,
  hasNewIds: boolean,
): JsonObject {
  const isNew = subgraph.raw.nodes === undefined;
  const raw = isNew ? { id: subgraph.id, ...NEW_SUBGRAPH, ...subgraph.raw } : subgraph.raw;
  const ends = endsOf(raw);
  const counts = { lastNodeId: workflow.lastNodeId, lastLinkId: workflow.lastLinkId };
  const isGrown = isNew || hasNewIds;
  const state = isObject(raw.state) ? raw.state : {};
  const parts = {
    name: subgraph.name,
    inputNode: writeEnd(raw.inputNode, ends.input, subgraph.inputPos),
    outputNode: writeEnd(raw.outputNode, ends.output, subgraph.outputPos),
    inputs: subgraph.inputs.map(writePort),
    outputs: subgraph.outputs.map(writePort),
  };
  return {
    ...raw,
    id: subgraph.id,
    ...(isGrown ? { state: { ...state, ...grownState(counts, state) } } : {}),
    ...(isNew ? parts : withoutNothing(parts, raw)),
    ...writeLevel(subgraph.graph, raw, values, ends),
  };
}

/** Return fields without those that the file does not have and that say nothing. */
function withoutNothing(fields: JsonObject, raw: JsonObject): JsonObject {
  const nothing = { name: '', inputs: [], outputs: [], ...NO_PLACES } as JsonObject;
  const said = Object.entries(fields).filter(([name, value]) => {
    return raw[name] !== undefined || !sameJson(value, nothing[name]);
  });
  return Object.fromEntries(said);
}

function writeEnd(raw: Json | undefined, id: string, pos: readonly [number, number]): Json {
  if (isObject(raw) && sameJson(endPos(raw), pos)) return raw;
  const [, , width, height] = isObject(raw) && isList(raw.bounding) ? raw.bounding : [];
  const bounding = [...pos, width ?? END_SIZE[0], height ?? END_SIZE[1]];
  return isObject(raw) ? { ...raw, bounding } : { id: Number(id), bounding };
}

function writePort(port: Port): JsonObject {
  const raw =
    port.raw.name === undefined ? { id: port.id, name: port.name, type: port.type, linkIds: [] } : port.raw;
  const before = readPort(raw, 'raw');
  const fields = writeSlot(port, raw, before);
  if (port.id !== before.id) fields.id = port.id;
  if (!sameJson(port.links, before.links)) fields.linkIds = writeIds(raw.linkIds, port.links);
  return fields;
}
