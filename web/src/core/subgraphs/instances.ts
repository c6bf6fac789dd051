/** Instances: the nodes that stand for a subgraph. Their slots follow its ports, one for one. */

import { blankNode } from '../edits/new-node.ts';
import { leastSize } from '../edits/size.ts';
import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type Graph,
  type GraphNode,
  type InputSlot,
  type Json,
  type NodeId,
  type OutputSlot,
  type Point,
  type Port,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { promotedAt } from './marks.ts';

/** Return a new instance of a subgraph. */
export function instanceOf(subgraph: Subgraph, id: NodeId, pos: Point): GraphNode {
  const node = blankNode(id, subgraph.id, pos, {
    inputs: subgraph.inputs.map((port, index) =>
      inputOfPort(port, promotedAt(subgraph.graph, index) !== null),
    ),
    outputs: subgraph.outputs.map(outputOfPort),
    widgets: Object.fromEntries(promotedValues(subgraph)),
    title: subgraph.name,
    properties: {},
  });
  return { ...node, size: leastSize(node, undefined) };
}

/** Return an instance's slot for a port; `isWidget`: the port leads to a widget inside. */
export function inputOfPort(port: Port, isWidget: boolean): InputSlot {
  const { name, type, label } = port;
  return { name, type, label, widget: isWidget ? name : null, isOptional: false, link: null, raw: {} };
}

export function outputOfPort(port: Port): OutputSlot {
  return { name: port.name, type: port.type, label: port.label, links: [], raw: {} };
}

/** Return the number of an instance's slot for a port: by its name, else by its place; files may have others between. */
export function slotOfPort(slots: readonly { readonly name: string }[], port: Port, index: number): number {
  const named = slots.findIndex(({ name }) => name === port.name);
  return named < 0 ? index : named;
}

/** Return the values inside of the widgets that ports lead to, by the names of the ports. */
function promotedValues(subgraph: Subgraph): [string, Json][] {
  return subgraph.inputs.flatMap((port, index) => {
    const inner = promotedAt(subgraph.graph, index);
    const value = inner && subgraph.graph.nodes.get(inner.node)?.widgets[inner.widget];
    return value === null || value === undefined ? [] : [[port.name, value] as [string, Json]];
  });
}

/** Return where the instances of a subgraph are, as levels' ids (null: the whole) and nodes. */
export function findInstances(
  workflow: Workflow,
  subgraph: string,
): { readonly level: string | null; readonly node: NodeId }[] {
  const levels: [string | null, Graph][] = [[null, workflow.root]];
  for (const [id, { graph }] of workflow.subgraphs) levels.push([id, graph]);
  return levels.flatMap(([level, graph]) =>
    [...graph.nodes.values()].filter(({ type }) => type === subgraph).map(({ id }) => ({ level, node: id })),
  );
}

/** Whether an end is a port of the subgraph around, not a slot of a node. */
export function isPort(end: End): boolean {
  return end.node === INPUT_NODE || end.node === OUTPUT_NODE;
}

/** Return a name that is not among others: `seed`, `seed_1`, `seed_2` … */
export function freeName(name: string, taken: readonly { readonly name: string }[]): string {
  const names = new Set(taken.map((each) => each.name));
  let free = name;
  for (let count = 1; names.has(free); count += 1) free = `${name}_${count}`;
  return free;
}
