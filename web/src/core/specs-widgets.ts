/** Widgets of node types, from their options as /object_info spells them. */

import { isNumber } from './exact.ts';
import { isList, isObject } from './formats/fields.ts';
import type { Json, JsonObject } from './graph.ts';
import type { WidgetKind, WidgetSpec } from './specs.ts';

/** A choice that opens inputs of its own, different ones for each option. */
export const DYNAMIC = 'COMFY_DYNAMICCOMBO_V3';

const SEED_NAMES: ReadonlySet<string> = new Set(['seed', 'noise_seed']);
const KINDS: { readonly [type: string]: WidgetKind } = {
  INT: 'int',
  FLOAT: 'float',
  STRING: 'text',
  BOOLEAN: 'toggle',
  COMBO: 'choice',
  COLOR: 'color',
  [DYNAMIC]: 'choice',
};
const EMPTY: { readonly [type: string]: Json } = {
  INT: 0,
  FLOAT: 0,
  STRING: '',
  BOOLEAN: false,
  COLOR: '#ffffff',
};
const UPLOADS: { readonly [option: string]: NonNullable<WidgetSpec['upload']> } = {
  image_upload: 'image',
  animated_image_upload: 'image',
  video_upload: 'video',
  audio_upload: 'audio',
  mesh_upload: 'file',
  file_upload: 'file',
};

/** Return the widget of an input; null if only a link can give its value. `listed`: choices in the type's place. */
export function readWidget(
  name: string,
  type: string,
  listed: readonly Json[] | null,
  options: JsonObject,
): WidgetSpec | null {
  const plain = plainKind(type, options);
  if (plain === undefined) return null;
  const choices = choicesOf(type, listed, options);
  const hasControl = isControlled(name, type, options.control_after_generate);
  const upload = uploadOf(options);
  return {
    kind: kindOf(plain, hasControl, upload, options),
    default: options.default ?? choices[0] ?? EMPTY[type] ?? null,
    min: number(options.min),
    max: number(options.max),
    step: number(options.step),
    round: number(options.round),
    display: options.display === 'slider' ? 'slider' : 'number',
    choices,
    placeholder: typeof options.placeholder === 'string' ? options.placeholder : '',
    labels: [label(options.label_off, 'off'), label(options.label_on, 'on')],
    hasControl,
    upload,
    isHidden: options.hidden === true,
    options,
  };
}

/** Return the kind by the type; where that says nothing, by the widget that the options name. */
function plainKind(type: string, { widgetType }: JsonObject): WidgetKind | undefined {
  if (KINDS[type] !== undefined || typeof widgetType !== 'string' || widgetType === '') return KINDS[type];
  return KINDS[widgetType] ?? 'unknown';
}

/** Return the name of the widget that edits an input's value: the one that its options name, else its type. */
export function widgetName(type: string, { options }: WidgetSpec): string {
  const { widgetType } = options;
  return typeof widgetType === 'string' && widgetType !== '' ? widgetType : type;
}

function kindOf(
  plain: WidgetKind,
  hasControl: boolean,
  upload: WidgetSpec['upload'],
  options: JsonObject,
): WidgetKind {
  if (plain === 'int' && hasControl) return 'seed';
  if (plain === 'text' && options.multiline === true) return 'multiline';
  return plain === 'choice' && upload !== null ? 'file' : plain;
}

/** Return the values to choose from; of a dynamic choice the keys of its options. */
function choicesOf(type: string, listed: readonly Json[] | null, options: JsonObject): readonly Json[] {
  const given = listed ?? (isList(options.options) ? options.options : []);
  if (type !== DYNAMIC) return given;
  return given.flatMap((option) => (isObject(option) && option.key !== undefined ? [option.key] : []));
}

/** Whether editors change the value after a run: if told so, else by the name of a whole number. */
function isControlled(name: string, type: string, said: Json | undefined): boolean {
  if (said !== undefined && said !== null) return Boolean(said);
  return type === 'INT' && SEED_NAMES.has(name);
}

function uploadOf(options: JsonObject): WidgetSpec['upload'] {
  const option = Object.keys(UPLOADS).find((key) => Boolean(options[key]));
  return option === undefined ? null : (UPLOADS[option] ?? null);
}

function number(value: Json | undefined): number | null {
  return isNumber(value) ? Number(value) : null; // exact limits of whole numbers are in the options
}

function label(value: Json | undefined, usual: string): string {
  return typeof value === 'string' && value !== '' ? value : usual;
}
