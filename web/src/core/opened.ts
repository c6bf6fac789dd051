/**
 * Inputs that open others: a choice (`resize_type` opens `resize_type.width` …), or a socket that is linked (`mask` opens
 * `mask.weight`). Which inputs a node has depends on what is chosen in it and on its links.
 *
 *     openedSpec(spec, node.widgets, node.inputs).inputs; // the type's own, and those that are open, at their places
 */

import { isList, isObject } from './formats/fields.ts';
import type { InputSlot, Json, JsonObject } from './graph.ts';
import { isOffered, type InputSpec, type NodeSpec } from './specs.ts';
import { readInput } from './specs-read.ts';
import { DYNAMIC } from './specs-widgets.ts';

export type Values = { readonly [name: string]: Json };
/** A node's sockets, for whether they are linked. */
export type Sockets = readonly Pick<InputSlot, 'name' | 'link'>[];

/** Whether an input may open others. */
export function isOpener({ type, beside }: InputSpec): boolean {
  return type === DYNAMIC || beside !== null;
}

/** Whether a type has inputs that may open others. */
export function hasOpeners(spec: NodeSpec): boolean {
  return spec.inputs.some(isOpener);
}

export function isLinked(name: string, sockets: Sockets): boolean {
  return sockets.some((socket) => socket.name === name && socket.link !== null);
}

/** Return the inputs that an input opens, called `choice.input`: by what is chosen in it, or when it is linked. */
export function openedInputs(input: InputSpec, chosen: Json | undefined, sockets: Sockets): InputSpec[] {
  const groups = isOpener(input) ? openedGroups(input, chosen, sockets) : {};
  return (['required', 'optional'] as const).flatMap((group) => {
    const described = isObject(groups[group]) ? Object.entries(groups[group]) : [];
    return described.flatMap(([name, description]) => {
      const opened = readInput(`${input.name}.${name}`, description, group === 'optional');
      return opened === null ? [] : [isOffered(input) ? opened : hidden(opened)];
    });
  });
}

function openedGroups(
  { name, widget, beside }: InputSpec,
  chosen: Json | undefined,
  sockets: Sockets,
): JsonObject {
  if (beside !== null) return isLinked(name, sockets) ? beside : {};
  const options = widget?.options.options;
  const option = isList(options) ? options.find((each) => isObject(each) && each.key === chosen) : null;
  return isObject(option) && isObject(option.inputs) ? option.inputs : {};
}

/** Nobody sees the choice that opened an input, so nobody could tell what its widget is for. */
function hidden(input: InputSpec): InputSpec {
  return input.widget === null ? input : { ...input, widget: { ...input.widget, isHidden: true } };
}

/** Return a type as it is for a node's values and links: with the inputs that are open; the same one if none open. */
export function openedSpec(spec: NodeSpec, widgets: Values, sockets: Sockets = []): NodeSpec {
  if (!hasOpeners(spec)) return spec;
  const withOpen = (input: InputSpec): InputSpec[] => [
    input,
    ...openedInputs(input, widgets[input.name] ?? input.widget?.default, sockets).flatMap(withOpen),
  ];
  return { ...spec, inputs: spec.inputs.flatMap(withOpen) };
}

/** Return the values of all widgets of a type, with those that are open: those given, else the usual ones. */
export function withOpened(spec: NodeSpec, given: Values, sockets: Sockets = []): Values {
  const values: { [name: string]: Json } = { ...given };
  const add = (input: InputSpec): void => {
    if (input.isForced || input.growth !== null) return;
    if (input.widget !== null && !isPossible(input, values[input.name]))
      values[input.name] = input.widget.default;
    openedInputs(input, values[input.name], sockets).forEach(add);
  };
  spec.inputs.forEach(add);
  return values;
}

/** Whether a value can be one of an input: another option may have an input of the same name and another kind. */
function isPossible({ name, widget }: InputSpec, value: Json | undefined): boolean {
  if (value === undefined || widget === null) return false;
  if (!name.includes('.')) return true; // no other option could have set it
  const isChoice = widget.kind === 'choice' && widget.choices.length > 0;
  return isChoice ? widget.choices.includes(value) : typeof value === typeof widget.default;
}
