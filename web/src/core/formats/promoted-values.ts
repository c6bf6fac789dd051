/**
 * The saved values of a subgraph's node: those of the widgets inside that it shows, by the keys of promotedOf.
 *
 * Three generations of documents: `proxyWidgets` names inner widgets and `widgets_values` follows its order; without
 * it the values follow the inputs that lead to widgets; and `proxyWidgetErrorQuarantine` keeps values for an input by
 * name.
 */

import { isNumber } from '../exact.ts';
import type { GraphNode, Json, JsonObject, Subgraph } from '../graph.ts';
import { sameJson } from '../json.ts';
import { promotedOf, valueInside, type Promoted } from '../subgraphs/promote.ts';
import { isList, isObject } from './fields.ts';
import type { Values } from './widget-values.ts';

const CONTROL_WORDS: ReadonlySet<Json> = new Set([
  'fixed',
  'increment',
  'decrement',
  'randomize',
  'increment-wrap',
]);
const OF_HOST = '-1'; // instead of an inner node's id: the widget is the subgraph node's own
const QUARANTINE = 'proxyWidgetErrorQuarantine';

/** Return the values that a file has for a subgraph's node. Those that it leaves out are the ones inside. */
export function readPromoted(node: GraphNode, subgraph: Subgraph): Values {
  return ofShown({ ...listed(node.raw, node, subgraph), ...quarantined(node) }, node, subgraph);
}

/** Return those values that are there and belong to a widget that the node shows. */
function ofShown(values: Values, node: GraphNode, subgraph: Subgraph): Values {
  const keys = new Set(promotedOf(node, subgraph).map(({ key }) => key));
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== null && keys.has(key)));
}

/** Return the fields of a node's document that hold its values, with its properties. */
export function writePromoted(
  node: GraphNode,
  subgraph: Subgraph,
  subgraphs: ReadonlyMap<string, Subgraph>,
): JsonObject {
  const { widgets_values: saved, widgets_values_named: named } = node.raw;
  const kept = {
    ...(saved === undefined ? {} : { widgets_values: saved }),
    ...(named === undefined ? {} : { widgets_values_named: named }),
  };
  if (
    node.raw.type !== undefined &&
    sameJson(readPromoted(node, subgraph), ofShown(node.widgets, node, subgraph))
  )
    return kept;
  const fresh = withoutQuarantine(node);
  const patched = isList(saved) ? patchList(saved, fresh, subgraph) : null;
  if (patched !== null) return { ...patched, ...namedField(named, node) };
  if (isObject(saved)) return { widgets_values: { ...saved, ...node.widgets }, properties: fresh.properties };
  return { ...newList(fresh, subgraph, subgraphs), ...namedField(named, node) };
}

function listed(raw: JsonObject, node: GraphNode, subgraph: Subgraph): Values {
  const { widgets_values: saved, widgets_values_named: named } = raw;
  if (isObject(saved)) return withoutNull(saved);
  const list = isList(saved) ? saved : [];
  const keys = entryKeys(node, subgraph);
  if (keys.length === 0 && isObject(named) && Object.keys(named).length > 0) return withoutNull(named);
  const values = keysAt(list, node, subgraph).map((key, index) => [key, list[index] ?? null] as const);
  return withoutNull(Object.fromEntries(values.filter(([key]) => key !== '')));
}

/** Return for each place of a list the key of the value there; '' for words about what happens after a run. */
function keysAt(list: readonly Json[], node: GraphNode, subgraph: Subgraph): string[] {
  const entries = entryKeys(node, subgraph);
  if (entries.length > 0) return entries;
  const keys = portsOf(node, subgraph).map(({ key }) => key);
  const left = [...keys];
  return list.map((value, index) => {
    const isWord = isNumber(list[index - 1]) && CONTROL_WORDS.has(value);
    return isWord && list.length > keys.length ? '' : (left.shift() ?? '');
  });
}

/** Return the promoted widgets that a port leads to. */
function portsOf(node: GraphNode, subgraph: Subgraph): Promoted[] {
  return promotedOf(node, subgraph).filter(({ port }) => port !== null);
}

/** Return the key of each entry of proxyWidgets; '' for those that are not well formed. */
function entryKeys(node: GraphNode, subgraph: Subgraph): string[] {
  const entries = node.properties.proxyWidgets;
  const promoted = promotedOf(node, subgraph);
  return (isList(entries) ? entries : []).map((entry) => keyOf(entry, promoted));
}

function keyOf(entry: Json | undefined, promoted: readonly Promoted[]): string {
  if (!isList(entry) || entry.length < 2) return '';
  const [id, widget] = [String(entry[0]), String(entry[1])];
  if (id === OF_HOST) return widget;
  const known = promoted.find((each) => each.node === id && each.widget === widget);
  return known?.key ?? `${id}.${widget}`;
}

function quarantined(node: GraphNode): Values {
  const entries = node.properties[QUARANTINE];
  const values = (isList(entries) ? [...entries].reverse() : []).flatMap((entry): [string, Json][] => {
    const original = isObject(entry) ? entry.originalEntry : null;
    if (!isObject(entry) || !isList(original) || String(original[0]) !== OF_HOST) return [];
    return entry.hostValue === null || entry.hostValue === undefined
      ? []
      : [[String(original[1]), entry.hostValue]];
  });
  return Object.fromEntries(values);
}

/** Return the node without the values that the quarantine keeps for its inputs: they are in its list from now on. */
function withoutQuarantine(node: GraphNode): GraphNode {
  const { [QUARANTINE]: entries, ...properties } = node.properties;
  if (!isList(entries)) return node;
  const left = entries.filter((entry) => {
    const original = isObject(entry) ? entry.originalEntry : null;
    return !(isList(original) && String(original[0]) === OF_HOST);
  });
  return { ...node, properties: left.length > 0 ? { ...properties, [QUARANTINE]: left } : properties };
}

/** Return the file's list with what has changed; null if that list cannot hold the values. */
function patchList(saved: readonly Json[], node: GraphNode, subgraph: Subgraph): JsonObject | null {
  const wanted = ofShown(node.widgets, node, subgraph);
  const keys = keysAt(saved, node, subgraph);
  const length = Math.max(saved.length, keys.findLastIndex((key) => wanted[key] !== undefined) + 1);
  const list = Array.from({ length }, (_, index) => {
    const key = keys[index] ?? '';
    return key === '' ? (saved[index] ?? null) : (wanted[key] ?? null);
  });
  const reread = ofShown(listed({ widgets_values: list }, node, subgraph), node, subgraph);
  return sameJson(reread, wanted) ? { widgets_values: list, properties: node.properties } : null;
}

/** Return a list for the ports, or, if some values have no port, for entries of proxyWidgets that name all. */
function newList(node: GraphNode, subgraph: Subgraph, subgraphs: ReadonlyMap<string, Subgraph>): JsonObject {
  const wanted = ofShown(node.widgets, node, subgraph);
  const ports = portsOf(node, subgraph);
  const known = promotedOf(node, subgraph);
  const hasEntries = entryKeys(node, subgraph).length > 0;
  const isForPorts =
    !hasEntries && Object.keys(wanted).every((key) => ports.some((port) => port.key === key));
  const shown = isForPorts
    ? ports
    : known.filter(({ key, port }) => port === null || wanted[key] !== undefined);
  const list = shown.map((each) => wanted[each.key] ?? valueInside(each, subgraph, subgraphs) ?? null);
  if (isForPorts) return { widgets_values: list, properties: node.properties };
  const proxyWidgets = shown.map(({ key, node: id, widget, port }) =>
    port === null ? [id, widget] : [OF_HOST, key],
  );
  return { widgets_values: list, properties: { ...node.properties, proxyWidgets } };
}

function namedField(named: Json | undefined, node: GraphNode): JsonObject {
  return isObject(named) ? { widgets_values_named: { ...named, ...node.widgets } } : {};
}

function withoutNull(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}
