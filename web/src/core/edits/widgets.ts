/**
 * Values of widgets, and widgets as sockets: a widget whose value a link gives has an input slot that names it.
 *
 *     setWidget(workflow, path, '3', 'steps', 25);
 *     connectWidget(workflow, path, { node: '8', slot: 0 }, '3', 'steps', 'INT');
 */

import {
  graphAt,
  type End,
  type GraphNode,
  type InputSlot,
  type Json,
  type NodeId,
  type Path,
  type RerouteId,
  type Workflow,
} from '../graph.ts';
import { closesCircle } from '../circles.ts';
import { edit, editNodes } from './draft.ts';
import { removeInputSlot } from './slots.ts';
import { join } from './wires.ts';

/** Return the workflow with a widget's value set. */
export function setWidget(workflow: Workflow, path: Path, id: NodeId, name: string, value: Json): Workflow {
  return setWidgets(workflow, path, id, { [name]: value });
}

/** Return the workflow with several values of one node's widgets set. */
export function setWidgets(
  workflow: Workflow,
  path: Path,
  id: NodeId,
  values: { readonly [name: string]: Json },
): Workflow {
  return editNodes(workflow, path, [id], (node) => {
    const isSame = Object.entries(values).every(([name, value]) => node.widgets[name] === value);
    return isSame ? node : { ...node, widgets: { ...node.widgets, ...values } };
  });
}

/** Return the number of the input slot that stands for a widget; null if it has none. */
export function widgetSlot(node: GraphNode, name: string): number | null {
  const index = node.inputs.findIndex((slot) => slot.widget === name);
  return index < 0 ? null : index;
}

/** Return the workflow where a widget has an input slot. Instances of subgraphs have those of their ports only. */
export function widgetToSocket(
  workflow: Workflow,
  path: Path,
  id: NodeId,
  name: string,
  type: string,
): Workflow {
  if (isInstance(workflow, path, id)) return workflow;
  return editNodes(workflow, path, [id], (node) =>
    widgetSlot(node, name) === null
      ? { ...node, inputs: [...node.inputs, socketOfWidget(name, type)] }
      : node,
  );
}

/** Return the workflow where a widget has no input slot, nor a link. */
export function socketToWidget(workflow: Workflow, path: Path, id: NodeId, name: string): Workflow {
  if (isInstance(workflow, path, id)) return workflow;
  return edit(workflow, path, (level, draft) => {
    const node = level.nodes.get(id);
    const slot = node === undefined ? null : widgetSlot(node, name);
    if (slot !== null) removeInputSlot(level, draft, id, slot);
  });
}

/** Return the workflow with an output joined to a widget, which gets an input slot if it had none. */
export function connectWidget(
  workflow: Workflow,
  path: Path,
  from: End,
  id: NodeId,
  name: string,
  type: string,
  parent: RerouteId | null = null,
): Workflow {
  const ready = widgetToSocket(workflow, path, id, name, type);
  const at = graphAt(ready, path).nodes.get(id);
  const target = at === undefined ? null : widgetSlot(at, name);
  if (
    target !== null &&
    closesCircle(graphAt(ready, path), ready.subgraphs, from, { node: id, slot: target })
  )
    return workflow;
  return edit(ready, path, (level, draft) => {
    const node = level.nodes.get(id);
    const slot = node === undefined ? null : widgetSlot(node, name);
    if (slot !== null) join(level, draft, from, { node: id, slot }, parent);
  });
}

function isInstance(workflow: Workflow, path: Path, id: NodeId): boolean {
  return workflow.subgraphs.has(graphAt(workflow, path).nodes.get(id)?.type ?? '');
}

export function socketOfWidget(name: string, type: string): InputSlot {
  return { name, type, label: null, widget: name, isOptional: false, link: null, raw: {} };
}
