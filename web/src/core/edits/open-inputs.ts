/** Nodes whose choices or links opened other inputs: sockets and values come and go with them. */

import { graphAt, type Graph, type GraphNode, type InputSlot, type Path, type Workflow } from '../graph.ts';
import { hasOpeners, isLinked, isOpener, openedSpec, withOpened, type Values } from '../opened.ts';
import type { InputSpec, NodeSpec, Specs } from '../specs.ts';
import { edit, type Draft, type Level } from './draft.ts';
import { inputSlots, isWidget, widgetSlotOf } from './new-node.ts';
import { leastSize } from './size.ts';
import { removeInputSlot, renumberInputs } from './slots.ts';

/** Return the workflow where nodes that choose otherwise than before, or have other links, have the inputs that are open. */
export function withOpenedInputs(workflow: Workflow, path: Path, before: Graph, specs: Specs): Workflow {
  const changed = [...graphAt(workflow, path).nodes.values()].filter((node) => {
    const old = before.nodes.get(node.id);
    const spec = old === node ? undefined : specs.get(node.type);
    if (spec === undefined || !hasOpeners(spec)) return false;
    return old === undefined ? isLeftOpen(node, spec) : isOther(old, node, spec);
  });
  if (changed.length === 0) return workflow;
  return edit(workflow, path, (level, draft) => {
    for (const node of changed)
      openInputs(level, draft, before.nodes.get(node.id) ?? node, specs.get(node.type) as NodeSpec);
  });
}

function isOther(old: GraphNode, now: GraphNode, spec: NodeSpec): boolean {
  if (old.widgets === now.widgets && old.inputs === now.inputs) return false;
  const openers = [...openersOf(old, spec), ...openersOf(now, spec)];
  return openers.some(({ name, beside }) => {
    if (beside === null) return old.widgets[name] !== now.widgets[name];
    return isLinked(name, old.inputs) !== isLinked(name, now.inputs);
  });
}

/** Whether a new node has inputs that a link had opened which did not come along: it is a copy. */
function isLeftOpen(node: GraphNode, spec: NodeSpec): boolean {
  const closed = openersOf(node, spec).filter(({ name, beside }) => {
    return beside !== null && !isLinked(name, node.inputs);
  });
  return closed.some((opener) => node.inputs.some(({ name }) => name.startsWith(`${opener.name}.`)));
}

function openersOf({ widgets, inputs }: GraphNode, spec: NodeSpec): readonly InputSpec[] {
  return openedSpec(spec, widgets, inputs).inputs.filter(isOpener);
}

/** Fit a node to what is open. Sockets that another option has too keep their links. */
function openInputs(level: Level, draft: Draft, old: GraphNode, type: NodeSpec): void {
  const { id } = old;
  const node = level.nodes.get(id);
  if (node === undefined) return;
  const widgets = withOpened(type, chosenValues(node, old, type), node.inputs);
  const spec = openedSpec(type, widgets, node.inputs);
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
  const usual = openedSpec(type, old.widgets, old.inputs).inputs.filter((input) => {
    const { name, widget } = input;
    return (
      isOpened(input, type) && widget !== null && !isOpener(input) && node.widgets[name] === widget.default
    );
  });
  const names = new Set(usual.map(({ name }) => name));
  return Object.fromEntries(Object.entries(node.widgets).filter(([name]) => !names.has(name)));
}

/** Whether an input is opened by another, not one of the type itself. */
function isOpened({ name }: InputSpec, type: NodeSpec): boolean {
  return !type.inputs.some((input) => input.name === name);
}

/** Whether a slot may be one that another input opened. */
function belongs(name: string, { inputs }: NodeSpec): boolean {
  return inputs.some((input) => isOpener(input) && name.startsWith(`${input.name}.`));
}

function slotsOf(input: InputSpec): InputSlot[] {
  return isWidget(input) ? [widgetSlotOf(input)] : inputSlots(input);
}

/** Return the inputs of a node with those that are open, new ones behind the others of what opened them. */
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
  const opener =
    type.inputs.find((input) => isOpener(input) && name.startsWith(`${input.name}.`))?.name ?? '';
  const last = inputs.findLastIndex((slot) => slot.name === opener || slot.name.startsWith(`${opener}.`));
  return last < 0 ? inputs.length : last + 1;
}

/** Return a node that is as high as its inputs need. */
function fitted(node: GraphNode, spec: NodeSpec): GraphNode {
  const height = Math.max(node.size[1], leastSize(node, spec)[1]);
  return height === node.size[1] ? node : { ...node, size: [node.size[0], height] };
}
