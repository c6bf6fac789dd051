/** New nodes from their specs. */

import { openedSpec, withOpened, type Sockets, type Values } from '../opened.ts';
import { plainType } from '../types.ts';
import { leastSize } from './size.ts';
import type { GraphNode, InputSlot, Json, JsonObject, NodeId, OutputSlot, Point } from '../graph.ts';
import type { InputSpec, NodeSpec, OutputSpec } from '../specs.ts';
import { socketOfWidget } from './widgets.ts';

/**
 * Return a node of a type as it is when just added: sockets first, then a slot for each widget. given: its values.
 * links: those that its sockets will get, for some open others.
 */
export function newNode(
  type: NodeSpec,
  id: NodeId,
  pos: Point,
  given: Values = {},
  links: Sockets = [],
): GraphNode {
  const values = withOpened(type, given, links);
  const spec = openedSpec(type, values, links);
  const sockets = spec.inputs.filter((input) => !isWidget(input));
  const widgets = spec.inputs.filter(isWidget);
  const node = blankNode(id, spec.type, pos, {
    inputs: [...sockets.flatMap(inputSlots), ...widgets.map(widgetSlotOf)],
    outputs: spec.outputs.map(outputSlot),
    widgets: values,
  });
  return { ...node, size: leastSize(node, spec) };
}

/** Return a node of any type, with what is given and nothing else. */
export function blankNode(id: NodeId, type: string, pos: Point, given: Partial<GraphNode> = {}): GraphNode {
  return {
    id,
    type,
    title: null,
    pos,
    size: [210, 60],
    mode: 'always',
    isCollapsed: false,
    isPinned: false,
    color: null,
    bgcolor: null,
    inputs: [],
    outputs: [],
    widgets: {} as { readonly [name: string]: Json },
    rawWidgets: undefined,
    properties: { 'Node name for S&R': type } as JsonObject,
    raw: {},
    ...given,
  };
}

export function outputSlot(output: OutputSpec): OutputSlot {
  return { name: output.name, type: plainType(output.type), label: null, links: [], raw: {} };
}

/** Whether an input is shown as a widget, not as a socket alone. */
export function isWidget(input: InputSpec): boolean {
  return input.widget !== null && !input.isForced && input.growth === null;
}

/** Return the slots of an input at the start: one, or the first ones of sockets that grow. */
export function inputSlots(input: InputSpec): InputSlot[] {
  if (input.growth === null) return [socket(input, input.name)];
  const count = Math.min(input.growth.min + 1, input.growth.names.length); // one that is free
  return Array.from({ length: count }, (_, index) => socket(input, grownName(input, index)));
}

/** Return the name of one of the sockets that grow: `images.image0`. */
export function grownName(input: InputSpec, index: number): string {
  return `${input.name}.${input.growth?.names[index] ?? index}`;
}

export function socket(input: InputSpec, name: string): InputSlot {
  const { isOptional } = input;
  return { name, type: plainType(input.type), label: null, widget: null, isOptional, link: null, raw: {} };
}

export function widgetSlotOf(input: InputSpec): InputSlot {
  return { ...socketOfWidget(input.name, plainType(input.type)), isOptional: input.isOptional };
}
