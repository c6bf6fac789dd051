/**
 * What follows from an edit: sockets that grow have one free socket at their end, and type variables stand for the types
 * that are linked.
 *
 *     settle(connect(workflow, path, from, to), path, specs); // as Editor.do does after every edit
 */

import { graphAt, type GraphNode, type InputSlot, type NodeId, type Path, type Workflow } from '../graph.ts';
import type { InputSpec, NodeSpec, Specs } from '../specs.ts';
import { common, plainType, variableOf } from '../types.ts';
import { edit, type Draft, type Level } from './draft.ts';
import { openedSpec } from '../opened.ts';
import { grownName, socket } from './new-node.ts';
import { withOpenedInputs } from './open-inputs.ts';
import { removeInputSlot, renumberInputs } from './slots.ts';
import { startAt } from './wires.ts';

const MOST_ROUNDS = 100; // types travel one node further each; links may go in circles

/** Return the workflow where the nodes of a level agree with their links. */
export function settle(workflow: Workflow, path: Path, specs: Specs): Workflow {
  return edit(workflow, path, (level, draft) => {
    const growing: [GraphNode, NodeSpec][] = [];
    const variable: [NodeId, NodeSpec][] = [];
    for (const node of level.nodes.map.values()) {
      const type = specs.get(node.type);
      const spec = type && openedSpec(type, node.widgets, node.inputs);
      if (spec?.inputs.some(({ growth }) => growth !== null)) growing.push([node, spec]);
      if (spec !== undefined && hasVariables(spec)) variable.push([node.id, spec]);
    }
    for (const [node, spec] of growing) grow(level, draft, node, spec);
    settleTypes(level, variable);
  });
}

/** Settle a level after an edit, if the edit changed its links, the number of its nodes or what is open. */
export function settleAfter(before: Workflow, after: Workflow, path: Path, specs: Specs): Workflow {
  const [old, now] = [graphAt(before, path), graphAt(after, path)];
  const opened = withOpenedInputs(after, path, old, specs);
  const isSame = opened === after && old.links === now.links && old.nodes.size === now.nodes.size;
  return isSame ? after : settle(opened, path, specs);
}

function grow(level: Level, draft: Draft, node: GraphNode, spec: NodeSpec): void {
  for (const input of spec.inputs) if (input.growth !== null) growInput(level, draft, node.id, input);
}

function growInput(level: Level, draft: Draft, id: NodeId, input: InputSpec): void {
  const [least, most] = [input.growth?.min ?? 0, input.growth?.names.length ?? 1];
  const inputs = level.nodes.get(id)?.inputs ?? [];
  const slotAt = (index: number): number => inputs.findIndex(({ name }) => name === grownName(input, index));
  const places = Array.from({ length: most }, (_, index) => slotAt(index));
  const used = places.findLastIndex((slot) => (inputs[slot]?.link ?? null) !== null) + 1;
  const count = Math.min(Math.max(used, least) + 1, most);
  const extra = places.slice(count).filter((slot) => slot >= 0);
  for (const slot of extra.sort((one, other) => other - one)) removeInputSlot(level, draft, id, slot);
  for (let index = 0; index < count; index += 1) {
    if (places[index] === -1) insertGrown(level, id, input, index);
  }
}

/** Put a grown socket behind the one before it, or at the end of the sockets. */
function insertGrown(level: Level, id: NodeId, input: InputSpec, index: number): void {
  level.nodes.change(id, (node) => {
    const before = node.inputs.findIndex(({ name }) => name === grownName(input, index - 1));
    const widget = node.inputs.findIndex((slot) => slot.widget !== null);
    const end = widget < 0 ? node.inputs.length : widget;
    const added = socket(input, grownName(input, index));
    return { ...node, inputs: node.inputs.toSpliced(before < 0 ? end : before + 1, 0, added) };
  });
  renumberInputs(level, id);
}

function hasVariables(spec: NodeSpec): boolean {
  return [...spec.inputs, ...spec.outputs].some(({ type }) => variableOf(type) !== null);
}

function settleTypes(level: Level, nodes: readonly [NodeId, NodeSpec][]): void {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const changed = nodes.filter(([id, spec]) => settleNode(level, id, spec));
    if (changed.length === 0) return;
  }
}

/** Give the slots of a node the types that their variables stand for; say whether an output changed. */
function settleNode(level: Level, id: NodeId, spec: NodeSpec): boolean {
  const before = level.nodes.get(id);
  if (before === undefined) return false;
  const inputs = before.inputs.map((slot, index) => typedInput(level, before, spec, slot, index));
  const outputs = before.outputs.map((slot, index) => {
    const declared = spec.outputs[index]?.type ?? slot.type;
    const type = variableOf(declared) === null ? slot.type : meaning(level, before, spec, declared);
    return type === slot.type ? slot : { ...slot, type };
  });
  const isNew = outputs.some((slot, index) => slot !== before.outputs[index]);
  if (isNew || inputs.some((slot, index) => slot !== before.inputs[index])) {
    level.nodes.set(id, { ...before, inputs, outputs });
  }
  if (isNew) retypeLinks(level, id);
  return isNew;
}

/** An input takes what all others of its variable allow, so that its own link may be another. */
function typedInput(
  level: Level,
  node: GraphNode,
  spec: NodeSpec,
  slot: InputSlot,
  index: number,
): InputSlot {
  const declared = declaredType(spec, slot);
  if (declared === null || variableOf(declared) === null) return slot;
  const type = meaning(level, node, spec, declared, index);
  return type === slot.type ? slot : { ...slot, type };
}

function declaredType(spec: NodeSpec, slot: InputSlot): string | null {
  const found = spec.inputs.find(
    (input) => input.name === slot.name || (input.growth !== null && slot.name.startsWith(`${input.name}.`)),
  );
  return found?.type ?? null;
}

/** Return what a variable stands for: what all its inputs allow and all linked ones of them (but one) bring. */
function meaning(
  level: Level,
  node: GraphNode,
  spec: NodeSpec,
  declared: string,
  but: number | null = null,
): string {
  const name = variableOf(declared);
  return node.inputs.reduce((type, slot, index) => {
    const own = declaredType(spec, slot);
    if (own === null || variableOf(own) !== name) return type;
    const allowed = common(type, own) ?? type;
    const link = slot.link === null || index === but ? undefined : level.links.get(slot.link);
    const given = link === undefined ? undefined : startAt(level, link.from)?.type;
    return given === undefined ? allowed : (common(allowed, given) ?? allowed);
  }, plainType(declared));
}

function retypeLinks(level: Level, id: NodeId): void {
  for (const { type, links } of level.nodes.get(id)?.outputs ?? []) {
    if (type === '*') continue;
    for (const link of links)
      level.links.change(link, (value) => (value.type === type ? value : { ...value, type }));
  }
}
