/**
 * The saved values of a node whose type is known, by name and back.
 *
 *     readValues(raw, spec, node.inputs); // {seed: 7, control_after_generate: 'fixed', steps: 20, …} from [7, 'fixed', 20, …]
 *
 * Documents of many ages are about: values for the control of a seed or for an upload button may be there or not.
 * null counts as left out. Writing changes the list that the file had where that is possible.
 */

import type { Json, JsonObject } from '../graph.ts';
import { sameJson } from '../json.ts';
import { isOpener, type Sockets } from '../opened.ts';
import type { NodeSpec } from '../specs.ts';
import { isList, isObject } from './fields.ts';
import { BESIDE, CONTROL, FILTER, widgetSlots, type WidgetSlot } from './widget-slots.ts';

export type Values = { readonly [key: string]: Json };

const CONTROL_WORDS: ReadonlySet<Json> = new Set([
  'fixed',
  'increment',
  'decrement',
  'randomize',
  'increment-wrap',
]);
const UPLOAD_VALUES: ReadonlySet<Json> = new Set(['image', 'video', 'audio', 'file', '', null]);
const AFTER_RUN = 'randomize'; // what editors do to a seed after a run, unless told otherwise

/** How a list of values went into a node type's widgets. */
interface Fit {
  readonly values: Values;
  /** Where in the list each value is. */
  readonly places: ReadonlyMap<string, number>;
  /** How many values have no widget. */
  readonly left: number;
}

/** Return a node's saved values by key; widgets that the document leaves out have their defaults. */
export function readValues(raw: JsonObject, spec: NodeSpec, sockets: Sockets): Values {
  return withDefaults(savedValues(raw, spec, sockets), spec, sockets);
}

/** Return the fields of a node's document that hold its values, with some values in place of those in `raw`. */
export function writeValues(raw: JsonObject, values: Values, spec: NodeSpec, sockets: Sockets): JsonObject {
  const saved = raw.widgets_values;
  const isKept = raw.type !== undefined && sameJson(readValues(raw, spec, sockets), withoutNull(values));
  if (isKept) return pick(raw, ['widgets_values', 'widgets_values_named']);
  if (isObject(saved)) return { widgets_values: patchObject(saved, values, spec, sockets) };
  const named = isObject(raw.widgets_values_named)
    ? { widgets_values_named: patchObject(raw.widgets_values_named, withoutControls(values), spec, sockets) }
    : {};
  const list =
    (isList(saved) ? patchList(raw, saved, values, spec, sockets) : null) ?? newList(values, spec, sockets);
  return list === null || list.length > 0 || isList(saved)
    ? { widgets_values: list ?? withoutNull(values), ...named }
    : named;
}

/** Hand out a list of values to the widgets of a node type, in order. */
function fit(list: readonly Json[], spec: NodeSpec, sockets: Sockets): Fit {
  const keepsForced = holdsForced(list, spec, sockets);
  const values: { [key: string]: Json } = {};
  const places = new Map<string, number>();
  let index = 0;
  for (const slot of widgetSlots(spec, (key) => values[key], sockets)) {
    if (slot.role === 'forced' && !keepsForced) continue;
    if (skipsControl(slot, list[index])) index += 1;
    if (index >= list.length) continue;
    const value = list[index] ?? null;
    if (!takes(slot, value)) continue;
    if (slot.role !== 'forced' && slot.key !== '') {
      if (value !== null) values[slot.key] = value;
      places.set(slot.key, index);
    }
    index += 1;
  }
  return { values, places, left: list.slice(index).filter((value) => !UPLOAD_VALUES.has(value)).length };
}

/** Whether a value may belong to a slot: documents may do without what is no input. */
function takes(slot: WidgetSlot, value: Json): boolean {
  if (slot.role === 'control') return typeof value === 'boolean' || CONTROL_WORDS.has(value);
  if (slot.role === 'filter') return value === null || typeof value === 'string';
  return slot.role !== 'upload' || UPLOAD_VALUES.has(value);
}

/** Whether a control's word stands where a number is due: its seed has lost the control since then. */
function skipsControl(slot: WidgetSlot, value: Json | undefined): boolean {
  const isNumber = slot.input?.type === 'INT' || slot.input?.type === 'FLOAT';
  const isValue = slot.role === 'value' || slot.role === 'forced';
  return isValue && isNumber && value !== undefined && CONTROL_WORDS.has(value);
}

/** Whether a document is from the time when inputs with `forceInput` had a widget and a saved value. */
function holdsForced(list: readonly Json[], spec: NodeSpec, sockets: Sockets): boolean {
  const hasForced = spec.inputs.some((input) => input.isForced && input.widget !== null);
  return hasForced && list.length === [...widgetSlots(spec, () => undefined, sockets)].length;
}

/** Return the saved values by key. The list counts where both are there, for people edit it; unless it is too long. */
function savedValues(raw: JsonObject, spec: NodeSpec, sockets: Sockets): Values {
  const { widgets_values: saved, widgets_values_named: named } = raw;
  if (isObject(saved)) return fromNames(saved, spec);
  const names = isObject(named) && Object.keys(named).length > 0 ? named : null;
  if (!isList(saved)) return names === null ? {} : fromNames(names, spec);
  const fitted = fit(saved, spec, sockets);
  if (fitted.left === 0 || names === null) return fitted.values;
  const controls = Object.entries(fitted.values).filter(([key]) => isBeside(key)); // names leave them out
  return { ...Object.fromEntries(controls), ...fromNames(names, spec) };
}

/** Return values that a document names, without those of buttons and players. */
function fromNames(named: JsonObject, spec: NodeSpec): Values {
  const hasControl = spec.inputs.some((input) => input.widget?.hasControl === true);
  const isKept = (name: string): boolean => {
    return !BESIDE.has(name) || (hasControl && (name === CONTROL || name === FILTER));
  };
  return Object.fromEntries(Object.entries(named).filter(([name, value]) => value !== null && isKept(name)));
}

function withDefaults(given: Values, spec: NodeSpec, sockets: Sockets): Values {
  const filled: { [key: string]: Json } = {};
  for (const { key, role, input } of widgetSlots(spec, (name) => filled[name], sockets)) {
    if (role !== 'value') continue;
    const value = given[key] ?? input?.widget?.default ?? null;
    if (value !== null) filled[key] = value;
  }
  return { ...filled, ...given };
}

function withoutNull(values: Values): Values {
  if (!Object.values(values).includes(null)) return values;
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** Return the values that have names where a list is beside them. */
function withoutControls(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !isBeside(key)));
}

/** Return the file's list with what has changed; null if that list cannot hold the values. */
function patchList(
  raw: JsonObject,
  saved: readonly Json[],
  values: Values,
  spec: NodeSpec,
  sockets: Sockets,
): readonly Json[] | null {
  const list = [...saved];
  const { places } = fit(saved, spec, sockets);
  for (const [key, value] of Object.entries(withoutNull(values))) {
    const place = places.get(key);
    if (place !== undefined) list[place] = value;
  }
  const reread = readValues({ ...raw, widgets_values: list, widgets_values_named: null }, spec, sockets);
  return sameJson(reread, withoutNull(values)) ? list : null;
}

/** Return a list of all values as editors write it today; null if no widget of the type holds some of them. */
function newList(values: Values, spec: NodeSpec, sockets: Sockets): readonly Json[] | null {
  const slots = [...widgetSlots(spec, (key) => values[key], sockets)].filter(({ role }) => role !== 'forced');
  const held = new Set(slots.map(({ key }) => key));
  const openers = spec.inputs.filter(isOpener).map(({ name }) => `${name}.`);
  const isLost = (key: string): boolean => {
    return !held.has(key) && !isBeside(key) && !openers.some((prefix) => key.startsWith(prefix));
  };
  if (Object.keys(withoutNull(values)).some(isLost)) return null;
  return slots.map(({ key, role, input }) => {
    if (role === 'upload') return 'image';
    const usual = role === 'control' ? AFTER_RUN : role === 'filter' ? '' : (input?.widget?.default ?? null);
    return values[key] ?? usual;
  });
}

/** Whether a key is that of a control or of its filter. */
function isBeside(key: string): boolean {
  return key.endsWith(CONTROL) || key.endsWith(FILTER);
}

/** Return the file's object with what has changed. */
function patchObject(saved: JsonObject, values: Values, spec: NodeSpec, sockets: Sockets): JsonObject {
  const before = withDefaults(fromNames(saved, spec), spec, sockets);
  const changed = Object.entries(withoutNull(values)).filter(([key, value]) => !sameJson(value, before[key]));
  return { ...saved, ...Object.fromEntries(changed) };
}

function pick(fields: JsonObject, names: readonly string[]): JsonObject {
  const entries = names.flatMap((name) =>
    fields[name] === undefined ? [] : [[name, fields[name]] as const],
  );
  return Object.fromEntries(entries);
}
