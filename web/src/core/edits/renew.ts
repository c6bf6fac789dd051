/**
 * Nodes fitted to what their types are now: packs come, go and change while workflows are open.
 *
 *     renewNodes(workflow, before, specs);
 *
 * New sockets and widgets appear, those that are gone disappear unless a link holds them, and values stay.
 */

import { readValues } from '../formats/widget-values.ts';
import type { GraphNode, InputSlot, Json, Workflow } from '../graph.ts';
import type { InputSpec, NodeSpec, Specs } from '../specs.ts';
import { plainType, variableOf } from '../types.ts';
import { Draft, type Level } from './draft.ts';
import { isWidget, newNode, outputSlot } from './new-node.ts';
import { removeInputSlot, renumberInputs, renumberOutputs } from './slots.ts';

/** Return the workflow whose nodes have the sockets and widgets of their types; the same one if none has changed. */
export function renewNodes(workflow: Workflow, before: Specs, now: Specs): Workflow {
  const changed = new Set([...now.values()].filter((spec) => isOther(before.get(spec.type), spec)));
  if (changed.size === 0) return workflow;
  const draft = new Draft(workflow);
  for (const level of draft.levels()) {
    for (const node of level.nodes.map.values()) {
      const spec = now.get(node.type);
      if (spec !== undefined && changed.has(spec)) renew(level, draft, node, before.get(node.type), spec);
    }
  }
  return draft.result();
}

function isOther(before: NodeSpec | undefined, now: NodeSpec): boolean {
  return before === undefined || shapeOf(before) !== shapeOf(now);
}

/** Return what a node shows of its type, without the choices and limits of its widgets. */
function shapeOf({ inputs, outputs }: NodeSpec): string {
  const shown = inputs.map((input) => [
    input.name,
    input.type,
    input.isOptional,
    isWidget(input),
    input.growth?.names,
  ]);
  return JSON.stringify([shown, outputs.map(({ name, type }) => [name, type])]);
}

function renew(
  level: Level,
  draft: Draft,
  node: GraphNode,
  before: NodeSpec | undefined,
  spec: NodeSpec,
): void {
  const gone = new Set(before?.inputs.map(({ name }) => name));
  for (const { name } of spec.inputs) gone.delete(name);
  const isGone = ({ name, link }: InputSlot): boolean => gone.has(name) && link === null;
  for (let at = node.inputs.length - 1; at >= 0; at -= 1) {
    if (isGone(node.inputs[at] as InputSlot)) removeInputSlot(level, draft, node.id, at);
  }
  level.nodes.change(node.id, (kept) => ({
    ...kept,
    inputs: withAdded(kept, before, spec),
    outputs: renewedOutputs(kept, before, spec),
    ...renewedValues(kept, before, spec, gone),
  }));
  renumberInputs(level, node.id);
  renumberOutputs(level, node.id);
}

/** Return the inputs as the type has them now, new ones behind those that they follow in the type. */
function withAdded(node: GraphNode, before: NodeSpec | undefined, spec: NodeSpec): InputSlot[] {
  const known = new Set(before?.inputs.map(({ name }) => name.split('.')[0]));
  const inputs = node.inputs.map((slot) => retyped(slot, spec));
  let place = 0;
  for (const slot of newNode(spec, '', [0, 0]).inputs) {
    const at = inputs.findIndex(({ name }) => name === slot.name);
    const isNew = !known.has(slot.name.split('.')[0]) && (before !== undefined || slot.widget === null);
    if (at < 0 && isNew) inputs.splice(place, 0, slot);
    if (at >= 0 || isNew) place = (at < 0 ? place : at) + 1;
  }
  return inputs;
}

function retyped(slot: InputSlot, spec: NodeSpec): InputSlot {
  const input = spec.inputs.find(({ name }) => name === slot.name);
  if (input === undefined || input.growth !== null) return slot;
  const type = variableOf(input.type) === null ? plainType(input.type) : slot.type;
  const widget = isWidget(input) ? input.name : null;
  const isSame = slot.type === type && slot.widget === widget && slot.isOptional === input.isOptional;
  return isSame ? slot : { ...slot, type, widget, isOptional: input.isOptional };
}

/** Return the outputs in the order of the type, with their links; those that are gone stay while links hold them. */
function renewedOutputs(node: GraphNode, before: NodeSpec | undefined, spec: NodeSpec): GraphNode['outputs'] {
  const left = [...node.outputs];
  const outputs = spec.outputs.map((output, index) => {
    const at = left.findIndex(({ name }) => name === output.name);
    const isRenamed = at < 0 && before === undefined && node.outputs[index] !== undefined;
    const found = isRenamed ? left.indexOf(node.outputs[index] as (typeof left)[0]) : at;
    const kept = found < 0 ? undefined : left.splice(found, 1)[0];
    const fresh = outputSlot(output);
    if (kept === undefined) return fresh;
    const type = variableOf(output.type) === null ? fresh.type : kept.type;
    return kept.type === type ? kept : { ...kept, type };
  });
  const gone = new Set(before?.outputs.map(({ name }) => name));
  return [...outputs, ...left.filter(({ name, links }) => links.length > 0 || !gone.has(name))];
}

function renewedValues(
  node: GraphNode,
  before: NodeSpec | undefined,
  spec: NodeSpec,
  gone: ReadonlySet<string>,
): Pick<GraphNode, 'widgets' | 'rawWidgets'> {
  if (before === undefined) {
    const saved = node.rawWidgets === undefined ? {} : { widgets_values: node.rawWidgets };
    return {
      widgets: { ...readValues({ ...node.raw, ...saved }, spec, node.inputs), ...node.widgets },
      rawWidgets: undefined,
    };
  }
  const kept = Object.entries(node.widgets).filter(([name]) => !gone.has(name));
  const added = spec.inputs
    .filter((input) => isWidget(input) && !before.inputs.some(({ name }) => name === input.name))
    .map((input): [string, Json] => [input.name, defaultOf(input)]);
  return {
    widgets: { ...Object.fromEntries(added), ...Object.fromEntries(kept) },
    rawWidgets: node.rawWidgets,
  };
}

function defaultOf({ widget }: InputSpec): Json {
  return widget?.default ?? null;
}
