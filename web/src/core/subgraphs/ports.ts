/**
 * Ports of a subgraph: its inputs and outputs. All of its instances follow at once. Paths lead to the inside.
 *
 *     addPort(workflow, path, 'input', 'strength', 'FLOAT');
 */

import { Draft, edit, type Level } from '../edits/draft.ts';
import {
  removeInputSlot,
  removeOutputSlot,
  renumberInputs,
  renumberOutputs,
  renumberPorts,
} from '../edits/slots.ts';
import { join, part, replaceAt, startAt, targetAt } from '../edits/wires.ts';
import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type GraphNode,
  type Path,
  type Port,
  type Workflow,
} from '../graph.ts';
import { freeName, inputOfPort, outputOfPort, slotOfPort } from './instances.ts';
import { portId } from './make.ts';
import { instancesAt } from './marks.ts';

export type Side = 'input' | 'output';

/** Return the workflow with a port added to the subgraph at a path; its name is made free. */
export function addPort(workflow: Workflow, path: Path, side: Side, name: string, type: string): Workflow {
  return edit(workflow, path, (level, draft) => void newPortAt(level, draft, side, name, type));
}

/** Return the workflow with a new input port that leads to an input inside: a link dropped on the block of ports. */
export function addInputFor(workflow: Workflow, path: Path, to: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const target = targetAt(level, to);
    if (target === undefined) return;
    const slot = newPortAt(level, draft, 'input', target.name, target.type);
    if (slot === null) return;
    join(level, draft, { node: INPUT_NODE, slot }, to);
  });
}

/** Return the workflow with a new output port that an output inside leads to. */
export function addOutputFor(workflow: Workflow, path: Path, from: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const start = startAt(level, from);
    if (start === undefined) return;
    const slot = newPortAt(level, draft, 'output', start.name, start.type);
    if (slot !== null) join(level, draft, from, { node: OUTPUT_NODE, slot });
  });
}

/** Return the workflow with another word for a port; null shows its name again. */
export function setPortLabel(
  workflow: Workflow,
  path: Path,
  side: Side,
  index: number,
  label: string | null,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const given = label === null || label.trim() === '' ? null : label;
    const port = portsOf(level, side)[index];
    if (port === undefined || port.label === given) return;
    setPorts(
      level,
      side,
      replaceAt(portsOf(level, side), index, (value) => ({ ...value, label: given })),
    );
    changeInstances(level, draft, (node) =>
      side === 'input'
        ? { ...node, inputs: replaceAt(node.inputs, index, (slot) => ({ ...slot, label: given })) }
        : { ...node, outputs: replaceAt(node.outputs, index, (slot) => ({ ...slot, label: given })) },
    );
  });
}

/** Return the workflow without a port, and without its links inside and outside. */
export function removePort(workflow: Workflow, path: Path, side: Side, index: number): Workflow {
  return edit(workflow, path, (level, draft) => dropPort(level, draft, side, index));
}

/** Return the workflow with a port at another place among its like. */
export function movePort(workflow: Workflow, path: Path, side: Side, index: number, to: number): Workflow {
  return edit(workflow, path, (level, draft) => {
    const ports = portsOf(level, side);
    if (index === to || ports[index] === undefined || ports[to] === undefined) return;
    setPorts(level, side, moved(ports, index, to));
    renumberPorts(level);
    changeInstances(level, draft, (node) =>
      side === 'input'
        ? { ...node, inputs: moved(node.inputs, index, to) }
        : { ...node, outputs: moved(node.outputs, index, to) },
    );
    for (const { at, node } of instances(level, draft)) {
      renumberInputs(at, node.id);
      renumberOutputs(at, node.id);
    }
  });
}

/** Return the workflow with another name for the subgraph at a path. */
export function renameSubgraph(workflow: Workflow, path: Path, name: string): Workflow {
  return edit(workflow, path, ({ subgraph }, draft) => {
    if (subgraph === null || subgraph.name === name || name.trim() === '') return;
    draft.subgraphs.change(subgraph.id, (value) => ({ ...value, name }));
    for (const level of draft.levels()) {
      for (const node of instancesAt(level, subgraph.id)) {
        if (node.title === subgraph.name) level.nodes.set(node.id, { ...node, title: name });
      }
    }
  });
}

/** Add a port and a slot for it to every instance; return its index, or null on the level of the whole. */
export function newPortAt(level: Level, draft: Draft, side: Side, name: string, type: string): number | null {
  if (level.subgraph === null) return null;
  const ports = portsOf(level, side);
  const taken = new Set(ports.map((port) => port.id));
  let count = ports.length;
  while (taken.has(portId(level.subgraph.id, side, count))) count += 1;
  const id = portId(level.subgraph.id, side, count);
  const port: Port = { id, name: freeName(name, ports), type, label: null, links: [], raw: {} };
  setPorts(level, side, [...ports, port]);
  changeInstances(level, draft, (node) =>
    side === 'input'
      ? { ...node, inputs: [...node.inputs, inputOfPort(port, false)] }
      : { ...node, outputs: [...node.outputs, outputOfPort(port)] },
  );
  return ports.length;
}

export function dropPort(level: Level, draft: Draft, side: Side, index: number): void {
  const port = portsOf(level, side)[index];
  if (level.subgraph === null || port === undefined) return;
  for (const link of port.links) part(level, draft, link);
  setPorts(level, side, portsOf(level, side).toSpliced(index, 1));
  renumberPorts(level);
  for (const { at, node } of instances(level, draft)) {
    const slots = side === 'input' ? node.inputs : node.outputs;
    const slot = slotOfPort(slots, port, index);
    if (side === 'input') removeInputSlot(at, draft, node.id, slot);
    else removeOutputSlot(at, draft, node.id, slot);
  }
  if (side === 'input') changeInstances(level, draft, (node) => withoutWidget(node, port.name));
}

export function portsOf(level: Level, side: Side): readonly Port[] {
  return side === 'input' ? level.inputs : level.outputs;
}

function setPorts(level: Level, side: Side, ports: readonly Port[]): void {
  if (side === 'input') level.inputs = ports;
  else level.outputs = ports;
}

function instances(level: Level, draft: Draft): { at: Level; node: GraphNode }[] {
  const id = level.subgraph?.id;
  if (id === undefined) return [];
  return draft.levels().flatMap((at) => instancesAt(at, id).map((node) => ({ at, node })));
}

/** Change every instance of the subgraph whose inside a level is. */
export function changeInstances(level: Level, draft: Draft, change: (node: GraphNode) => GraphNode): void {
  for (const { at, node } of instances(level, draft)) at.nodes.set(node.id, change(node));
}

function withoutWidget(node: GraphNode, name: string): GraphNode {
  if (!(name in node.widgets)) return node;
  const { [name]: _, ...widgets } = node.widgets;
  return { ...node, widgets };
}

function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const [item] = items.slice(from, from + 1) as [T];
  return items.toSpliced(from, 1).toSpliced(to, 0, item);
}
