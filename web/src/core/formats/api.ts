/**
 * The API form, opened: node ids to class_type, inputs and title; a link is `["4", 0]`. It has no places, so nodes are
 * laid out in columns from left to right.
 */

import { blankNode, newNode, outputSlot } from '../edits/new-node.ts';
import {
  EMPTY_WORKFLOW,
  type End,
  type GraphNode,
  type InputSlot,
  type Json,
  type JsonObject,
  type Link,
  type NodeId,
  type Workflow,
} from '../graph.ts';
import type { Sockets } from '../opened.ts';
import type { NodeSpec, Specs } from '../specs.ts';
import { placeInColumns } from './columns.ts';
import { largest } from './counts.ts';
import { isList, isObject, textOf, wantObject, wantText } from './fields.ts';

const WRAPPER = '__value__'; // around a list that is a value, because a list of a text and a number is a link

/** Return the workflow of an API document; FormatError names the node that is not well formed. */
export function readApi(document: JsonObject, specs: Specs): Workflow {
  const entries = Object.entries(document).map(([id, item]) => {
    const fields = wantObject(item, `Node "${id}"`);
    const type = wantText(fields.class_type, `Node "${id}", class_type`);
    const inputs = wantObject(fields.inputs ?? {}, `Node "${id}", inputs`);
    const links = linkedIn(inputs, document);
    return { id, inputs, node: apiNode(id, type, fields, inputs, links, specs.get(type)) };
  });
  const nodes = new Map(entries.map(({ id, node }) => [id, node]));
  const links = new Map<string, Link>();
  for (const { id, inputs } of entries) join(id, inputs, nodes, links);
  return {
    ...EMPTY_WORKFLOW,
    root: { ...EMPTY_WORKFLOW.root, nodes: placeInColumns(nodes, links), links },
    lastNodeId: largest(nodes.keys()),
    lastLinkId: links.size,
  };
}

function apiNode(
  id: NodeId,
  type: string,
  fields: JsonObject,
  inputs: JsonObject,
  links: Sockets,
  spec: NodeSpec | undefined,
): GraphNode {
  const meta = isObject(fields._meta) ? textOf(fields._meta.title) : null;
  const title = meta === type || meta === spec?.title ? null : meta;
  const entries = Object.entries(inputs).filter(([, value]) => linkOf(value) === null);
  const given = Object.fromEntries(entries.map(([name, value]) => [name, unwrapped(value)]));
  if (spec === undefined) {
    const rawWidgets = entries.length > 0 ? given : undefined;
    return { ...blankNode(id, type, [0, 0], { title, rawWidgets }) };
  }
  return { ...newNode(spec, id, [0, 0], given, links), title };
}

/** Return which inputs get a link, from nodes that are there. */
function linkedIn(inputs: JsonObject, document: JsonObject): Sockets {
  return Object.entries(inputs).flatMap(([name, value]) => {
    const from = linkOf(value);
    return from !== null && document[from.node] !== undefined ? [{ name, link: from.node }] : [];
  });
}

function unwrapped(value: Json): Json {
  const inner = isObject(value) && Object.keys(value).length === 1 ? value[WRAPPER] : undefined;
  return inner ?? value;
}

function linkOf(value: Json): End | null {
  if (!isList(value) || value.length !== 2) return null;
  const [node, slot] = value;
  return typeof node === 'string' && typeof slot === 'number' && Number.isInteger(slot)
    ? { node, slot }
    : null;
}

/** Add the links into a node, and the slots at both ends that its type does not have. Links from nowhere are left out. */
function join(id: NodeId, inputs: JsonObject, nodes: Map<NodeId, GraphNode>, links: Map<string, Link>): void {
  for (const [name, value] of Object.entries(inputs)) {
    const from = linkOf(value);
    const [source, target] = [from && nodes.get(from.node), nodes.get(id)];
    if (from === null || !source || target === undefined) continue;
    const link = String(links.size + 1);
    nodes.set(from.node, withLeaving(source, from.slot, link));
    const [joined, slot] = withArriving(nodes.get(id) as GraphNode, name, link);
    nodes.set(id, joined);
    const type = nodes.get(from.node)?.outputs[from.slot]?.type ?? '*';
    links.set(link, { id: link, from, to: { node: id, slot }, type, parent: null, raw: {} });
  }
}

function withLeaving(node: GraphNode, slot: number, link: string): GraphNode {
  const blank = { name: '*', type: '*', isList: false, tooltip: '' };
  const missing = Math.max(0, slot + 1 - node.outputs.length);
  const outputs = [...node.outputs, ...Array.from({ length: missing }, () => outputSlot(blank))];
  return {
    ...node,
    outputs: outputs.map((each, index) =>
      index === slot ? { ...each, links: [...each.links, link] } : each,
    ),
  };
}

function withArriving(node: GraphNode, name: string, link: string): [GraphNode, number] {
  const known = node.inputs.findIndex((slot) => slot.name === name);
  const slot = known < 0 ? node.inputs.length : known;
  const before: InputSlot = node.inputs[slot] ?? {
    name,
    type: '*',
    label: null,
    widget: null,
    isOptional: false,
    link: null,
    raw: {},
  };
  const inputs = [...node.inputs];
  inputs[slot] = { ...before, link };
  return [{ ...node, inputs }, slot];
}
