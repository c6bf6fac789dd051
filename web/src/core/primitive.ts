/** PrimitiveNode: a value of old files, given over links to widgets that became sockets. Servers put it in their place. */

import type { Graph, GraphNode, Workflow } from './graph.ts';
import type { InputSpec, Specs } from './specs.ts';
import { specOf } from './subgraphs/spec.ts';

export const PRIMITIVE = 'PrimitiveNode';

/** Return the first input that a PrimitiveNode gives its value to: its widget edits the value. */
export function primitiveInput(
  node: GraphNode,
  graph: Graph,
  workflow: Workflow,
  specs: Specs,
): InputSpec | undefined {
  for (const link of node.outputs[0]?.links ?? []) {
    const to = graph.links.get(link)?.to;
    const target = to && graph.nodes.get(to.node);
    const name = to && target?.inputs[to.slot]?.widget;
    const inputs = target === undefined ? [] : (specOf(target, workflow, specs)?.inputs ?? []);
    const found = inputs.find((input) => input.name === name && input.widget !== null);
    if (found !== undefined) return found;
  }
  return undefined;
}
