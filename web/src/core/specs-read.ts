/**
 * Node types from the server's /object_info.
 *
 *     const specs = readSpecs(await api.objectInfo());
 *     specs.get('KSampler')?.inputs[4]?.widget?.kind; // 'seed'
 *
 * What is not well formed is left out: one broken pack must not take the others from the user.
 */

import { isList, isObject } from './formats/fields.ts';
import type { JsonObject } from './graph.ts';
import type { InputSpec, NodeSpec, OutputSpec, Specs } from './specs.ts';
import { readWidget } from './specs-widgets.ts';
import { ANY, plainType, typeVariable } from './types.ts';

const MATCH_TYPE = 'COMFY_MATCHTYPE_V3'; // ComfyUI's word for a type variable …
const AUTOGROW = 'COMFY_AUTOGROW_V3'; // … for sockets that grow
const SLOT = 'COMFY_DYNAMICSLOT_V3'; // … and for those that open inputs when they are linked
const MOST_GROWN = 100;

/** Return all node types by name. */
export function readSpecs(objectInfo: unknown): Specs {
  const entries = isObject(objectInfo) ? Object.entries(objectInfo) : [];
  return new Map(entries.flatMap(([type, item]) => (isObject(item) ? [[type, readSpec(type, item)]] : [])));
}

function readSpec(type: string, fields: JsonObject): NodeSpec {
  return {
    type,
    title: text(fields.display_name) || type,
    category: text(fields.category),
    description: text(fields.description),
    inputs: readInputs(fields),
    outputs: readOutputs(fields),
    isOutput: fields.output_node === true,
    isDeprecated: fields.deprecated === true,
    isExperimental: fields.experimental === true,
    aliases: texts(fields.search_aliases),
    aliasOf: text(fields.alias_of) || null,
    module: text(fields.python_module),
  };
}

function readInputs(fields: JsonObject): InputSpec[] {
  const groups = isObject(fields.input) ? fields.input : {};
  const order = isObject(fields.input_order) ? fields.input_order : {};
  return (['required', 'optional'] as const).flatMap((group) => {
    const described = isObject(groups[group]) ? groups[group] : {};
    const names = new Set([...texts(order[group]), ...Object.keys(described)]);
    return [...names].flatMap((name) => readInput(name, described[name], group === 'optional') ?? []);
  });
}

/** Return an input from its description: `["INT", {"default": 20}]`; null if it is none. */
export function readInput(name: string, description: unknown, isOptional: boolean): InputSpec | null {
  if (!isList(description)) return null;
  const [kind, second] = description;
  const options = isObject(second) ? second : {};
  if (kind === AUTOGROW) return readGrowing(name, options, isOptional);
  if (kind === SLOT) return readOpening(name, options, isOptional);
  const type = isList(kind) ? 'COMBO' : text(kind);
  if (type === '') return null;
  return {
    name,
    type: type === MATCH_TYPE ? variableType(options) : type,
    isOptional,
    tooltip: text(options.tooltip),
    widget: readWidget(name, type, isList(kind) ? kind : null, options),
    isForced: options.forceInput === true,
    growth: null,
    beside: null,
  };
}

/** Return the socket that opens inputs when it is linked: it never has a widget. */
function readOpening(name: string, options: JsonObject, isOptional: boolean): InputSpec {
  const type = text(options.slotType);
  return {
    name,
    type: type === '' || type === MATCH_TYPE ? ANY : type,
    isOptional,
    tooltip: text(options.tooltip),
    widget: null,
    isForced: false,
    growth: null,
    beside: isObject(options.inputs) ? options.inputs : {},
  };
}

/** Return the socket that grows: its template describes one of those that it grows to. */
function readGrowing(name: string, options: JsonObject, isOptional: boolean): InputSpec | null {
  const template = isObject(options.template) ? options.template : {};
  const groups = isObject(template.input) ? template.input : {};
  const described = [groups.required, groups.optional].flatMap((group) =>
    isObject(group) ? Object.entries(group) : [],
  );
  const [stem, description] = described[0] ?? [name, [ANY]];
  const one = readInput(stem, description, isOptional);
  if (one === null) return null;
  const growth = {
    names: grownNames(template, stem),
    min: typeof template.min === 'number' ? template.min : 1,
  };
  return { ...one, name, tooltip: text(options.tooltip) || one.tooltip, widget: null, growth };
}

/** Return what the sockets are called: the names of a list, or a prefix with numbers. */
function grownNames({ names, prefix, max }: JsonObject, stem: string): readonly string[] {
  if (isList(names)) return texts(names);
  const length = typeof max === 'number' ? max : MOST_GROWN;
  return Array.from({ length }, (_, index) => `${typeof prefix === 'string' ? prefix : stem}${index}`);
}

/** Return a type variable with its name and the types that it may stand for. */
function variableType(options: JsonObject): string {
  const template = isObject(options.template) ? options.template : {};
  const allowed = template.allowed_types;
  const types = isList(allowed) ? texts(allowed).join(',') : text(allowed);
  return typeVariable(text(template.template_id), types || ANY);
}

function readOutputs(fields: JsonObject): OutputSpec[] {
  const types = isList(fields.output) ? fields.output : [];
  const [names, lists] = [fields.output_name, fields.output_is_list].map((each) =>
    isList(each) ? each : [],
  );
  const tooltips = isList(fields.output_tooltips) ? fields.output_tooltips : [];
  const variables = isList(fields.output_matchtypes) ? fields.output_matchtypes : [];
  return types.map((kind, index) => {
    const type = outputType(kind, text(variables[index]));
    return {
      name: text(names?.[index]) || plainType(type),
      type,
      isList: lists?.[index] === true,
      tooltip: text(tooltips[index]),
    };
  });
}

function outputType(kind: unknown, variable: string): string {
  if (kind === MATCH_TYPE) return variable === '' ? ANY : typeVariable(variable, ANY);
  return isList(kind) ? 'COMBO' : text(kind) || ANY;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return isList(value) ? value.filter((each) => typeof each === 'string') : [];
}
