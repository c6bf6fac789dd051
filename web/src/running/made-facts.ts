/** What is told of a made file: the values that its job ran with, read from the job's API document. */

import { isNumber } from '../core/exact.ts';
import type { Json, JsonObject } from '../core/graph.ts';
import type { Specs } from '../core/specs.ts';

export interface Fact {
  /** The node's type and the input's name. */
  readonly name: string;
  readonly value: string;
  readonly isLong: boolean;
}

/** The inputs that people look for, in the order in which they are shown. */
const WANTED = [
  'seed',
  'noise_seed',
  'steps',
  'cfg',
  'sampler_name',
  'scheduler',
  'denoise',
  'ckpt_name',
  'unet_name',
  'lora_name',
  'text',
];
const LONG = 40;

/** Return the values of well-known inputs of all nodes. */
export function factsOf(prompt: JsonObject, specs: Specs): readonly Fact[] {
  const found = Object.values(prompt).flatMap((node) => inputsOf(node, specs));
  return found
    .sort((one, other) => WANTED.indexOf(one.input) - WANTED.indexOf(other.input))
    .map(({ title, input, value }) => ({ name: `${title} · ${input}`, value, isLong: value.length > LONG }));
}

function inputsOf(
  node: Json,
  specs: Specs,
): { readonly title: string; readonly input: string; readonly value: string }[] {
  const {
    class_type: type = '',
    inputs = {},
    _meta: meta,
  } = node as {
    class_type?: string;
    inputs?: JsonObject;
    _meta?: { title?: string };
  };
  const title = meta?.title ?? specs.get(type)?.title ?? type;
  return WANTED.flatMap((input) => {
    const value = inputs[input];
    const isPlain = typeof value === 'string' || isNumber(value);
    return isPlain && value !== '' ? [{ title, input, value: String(value) }] : [];
  });
}
