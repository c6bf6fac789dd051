/** Nodes whose choices opened other inputs: sockets and values come and go with them. */

import { graphAt, type Graph, type GraphNode, type InputSlot, type Path, type Workflow } from '../graph.ts';
import { hasChoices, openedSpec, withOpened, type Values } from '../opened.ts';
import type { InputSpec, NodeSpec, Specs } from '../specs.ts';
import { DYNAMIC } from '../specs-widgets.ts';
import { edit, type Draft, type Level } from './draft.ts';
import { inputSlots, isWidget, widgetSlotOf } from './new-node.ts';
import { leastSize } from './size.ts';
import { removeInputSlot, renumberInputs } from './slots.ts';

/** Return the workflow where nodes that choose otherwise than before have the inputs of their choices. */
export function withOpenedInputs(workflow: Workflow, path: Path, before: Graph, specs: Specs): Workflow {
  const changed = [...graphAt(workflow, path).nodes.values()].filter((node) => {
    const old = before.nodes.get(node.id);
    const spec = old === undefined || old === node ? undefined : specs.get(node.type);
    return spec !== undefined && old !== undefined && hasChoices(spec) && isOther(old, node, spec);
  });
  if (changed.length === 0) return workflow;
  return edit(workflow, path, (level, draft) => {
    for (const { id, type } of changed)
      openInputs(level, draft, before.nodes.get(id) as GraphNode, specs.get(type) as NodeSpec);
  });
}

function isOther(old: GraphNode, now: GraphNode, spec: NodeSpec): boolean {
  if (old.widgets === now.widgets) return false;
  const choices = [old, now].flatMap(({ widgets }) => openedSpec(spec, widgets).inputs).filter(isChoice);
  return choices.some(({ name }) => old.widgets[name] !== now.widgets[name]);
}

function isChoice({ type }: InputSpec): boolean {
  return type === DYNAMIC;
}

/** Fit a node to its choices. Sockets that another option has too keep their links. */
function openInputs(level: Level, draft: Draft, old: GraphNode, type: NodeSpec): void {
  const { id } = old;
  const node = level.nodes.get(id);
  if (node === undefined) return;
  const widgets = withOpened(type, chosenValues(node, old, type));
  const spec = openedSpec(type, widgets);
  const wanted = spec.inputs.flatMap((input) => (isOpened(input, type) ? slotsOf(input) : []));
  const names = new Set(wanted.map(({ name }) => name));
  const stems = spec.inputs.flatMap(({ name, growth }) => (growth === null ? [] : [`${name}.`]));
  const stays = ({ name }: InputSlot): boolean =>
    names.has(name) || !belongs(name, type) || stems.some((stem) => name.startsWith(stem));
  for (let at = node.inputs.length - 1; at >= 0; at -= 1) {
    if (!stays(node.inputs[at] as InputSlot)) removeInputSlot(level, draft, id, at);
  }
  level.nodes.change(id, (kept) => fitted({ ...kept, widgets, inputs: withSlots(kept, wanted, type) }, spec));
  renumberInputs(level, id);
}

/** Return a node's values without those that were usual for the choice of before: each choice has usual values of its own. */
function chosenValues(node: GraphNode, old: GraphNode, type: NodeSpec): Values {
  const usual = openedSpec(type, old.widgets).inputs.filter((input) => {
    const { name, widget } = input;
    return (
      isOpened(input, type) && widget !== null && !isChoice(input) && node.widgets[name] === widget.default
    );
  });
  const names = new Set(usual.map(({ name }) => name));
  return Object.fromEntries(Object.entries(node.widgets).filter(([name]) => !names.has(name)));
}

/** Whether an input is opened by a choice, not one of the type itself. */
function isOpened({ name }: InputSpec, type: NodeSpec): boolean {
  return !type.inputs.some((input) => input.name === name);
}

/** Whether a slot may be one that a choice opened. */
function belongs(name: string, { inputs }: NodeSpec): boolean {
  return inputs.some((input) => isChoice(input) && name.startsWith(`${input.name}.`));
}

function slotsOf(input: InputSpec): InputSlot[] {
  return isWidget(input) ? [widgetSlotOf(input)] : inputSlots(input);
}

/** Return the inputs of a node with those of its choices, new ones behind the others of their choice. */
function withSlots(node: GraphNode, wanted: readonly InputSlot[], type: NodeSpec): InputSlot[] {
  const inputs = [...node.inputs];
  for (const slot of wanted) {
    const at = inputs.findIndex(({ name }) => name === slot.name);
    const kept = inputs[at];
    if (kept !== undefined) inputs[at] = { ...kept, type: slot.type, widget: slot.widget };
    else inputs.splice(placeFor(slot.name, inputs, type), 0, slot);
  }
  return inputs;
}

function placeFor(name: string, inputs: readonly InputSlot[], type: NodeSpec): number {
  const choice =
    type.inputs.find((input) => isChoice(input) && name.startsWith(`${input.name}.`))?.name ?? '';
  const last = inputs.findLastIndex((slot) => slot.name === choice || slot.name.startsWith(`${choice}.`));
  return last < 0 ? inputs.length : last + 1;
}

/** Return a node that is as high as its inputs need. */
function fitted(node: GraphNode, spec: NodeSpec): GraphNode {
  const height = Math.max(node.size[1], leastSize(node, spec)[1]);
  return height === node.size[1] ? node : { ...node, size: [node.size[0], height] };
}
