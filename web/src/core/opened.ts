/**
 * Choices that open inputs of their own (`resize_type` opens `resize_type.width` …): which inputs a node has depends on
 * what is chosen in it.
 *
 *     openedSpec(spec, node.widgets).inputs; // the type's own, and those that the node's choices open, at their places
 */

import { isList, isObject } from './formats/fields.ts';
import type { Json } from './graph.ts';
import { isOffered, type InputSpec, type NodeSpec } from './specs.ts';
import { readInput } from './specs-read.ts';
import { DYNAMIC } from './specs-widgets.ts';

export type Values = { readonly [name: string]: Json };

/** Return the inputs that the chosen option of a dynamic choice opens, called `choice.input`; none for other inputs. */
export function openedInputs(input: InputSpec, chosen: Json | undefined): InputSpec[] {
  const options = input.type === DYNAMIC ? input.widget?.options.options : null;
  const option = isList(options) ? options.find((each) => isObject(each) && each.key === chosen) : null;
  const groups = isObject(option) && isObject(option.inputs) ? option.inputs : {};
  return (['required', 'optional'] as const).flatMap((group) => {
    const described = isObject(groups[group]) ? Object.entries(groups[group]) : [];
    return described.flatMap(([name, description]) => {
      const opened = readInput(`${input.name}.${name}`, description, group === 'optional');
      return opened === null ? [] : [isOffered(input) ? opened : hidden(opened)];
    });
  });
}

/** Nobody sees the choice that opened an input, so nobody could tell what its widget is for. */
function hidden(input: InputSpec): InputSpec {
  return input.widget === null ? input : { ...input, widget: { ...input.widget, isHidden: true } };
}

/** Whether a type has choices that open inputs. */
export function hasChoices(spec: NodeSpec): boolean {
  return spec.inputs.some(({ type }) => type === DYNAMIC);
}

/** Return a type as it is for a node's values: with the inputs that its choices open; the same one if it has none. */
export function openedSpec(spec: NodeSpec, widgets: Values): NodeSpec {
  if (!hasChoices(spec)) return spec;
  const withOpen = (input: InputSpec): InputSpec[] => [
    input,
    ...openedInputs(input, widgets[input.name] ?? input.widget?.default).flatMap(withOpen),
  ];
  return { ...spec, inputs: spec.inputs.flatMap(withOpen) };
}

/** Return the values of all widgets of a type, with those that its choices open: those given, else the usual ones. */
export function withOpened(spec: NodeSpec, given: Values): Values {
  const values: { [name: string]: Json } = { ...given };
  const add = (input: InputSpec): void => {
    if (input.widget === null || input.isForced || input.growth !== null) return;
    if (!isPossible(input, values[input.name])) values[input.name] = input.widget.default;
    openedInputs(input, values[input.name]).forEach(add);
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
