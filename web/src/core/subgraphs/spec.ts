/** What an instance of a subgraph looks like, as a spec, so that it is drawn and edited as any other node. */

import type { GraphNode, Subgraph, Workflow } from '../graph.ts';
import type { InputSpec, NodeSpec, Specs } from '../specs.ts';
import { openedSpec } from '../opened.ts';
import { promotedOf, valueInside } from './promote.ts';

/** Return the spec of a node: of its type with what its choices open, or made of its subgraph's ports and promoted widgets. */
export function specOf(node: GraphNode, workflow: Workflow, specs: Specs): NodeSpec | undefined {
  const subgraph = workflow.subgraphs.get(node.type);
  if (subgraph !== undefined) return specOfInstance(node, subgraph, workflow, specs);
  const type = specs.get(node.type);
  return type && openedSpec(type, node.widgets, node.inputs);
}

function specOfInstance(node: GraphNode, subgraph: Subgraph, workflow: Workflow, specs: Specs): NodeSpec {
  const promoted = new Map(
    promotedOf(node, subgraph).map((each) => [
      each.port ?? each.key,
      innerInput(each, subgraph, workflow, specs),
    ]),
  );
  const ports = subgraph.inputs.map((port, index) => ({
    ...(promoted.get(index) ?? BARE),
    name: port.name,
    type: port.type,
  }));
  const proxies = [...promoted].flatMap(([key, input]) =>
    typeof key === 'string' && input !== undefined ? [{ ...input, name: key }] : [],
  );
  return {
    type: subgraph.id,
    title: subgraph.name,
    category: '',
    description: '',
    inputs: [...ports, ...proxies],
    outputs: subgraph.outputs.map(({ name, type }) => ({ name, type, isList: false, tooltip: '' })),
    isOutput: false,
    isDeprecated: false,
    isExperimental: false,
    aliases: [],
    aliasOf: null,
    module: '',
  };
}

const BARE: InputSpec = {
  name: '',
  type: '*',
  isOptional: false,
  tooltip: '',
  widget: null,
  isForced: false,
  growth: null,
  beside: null,
};

/** Return the spec of an inner widget; it may itself be one that an inner subgraph shows. Its default is the value inside. */
function innerInput(
  at: { readonly node: string; readonly widget: string },
  subgraph: Subgraph,
  workflow: Workflow,
  specs: Specs,
): InputSpec | undefined {
  const node = subgraph.graph.nodes.get(at.node);
  const inputs = node && specOf(node, workflow, specs)?.inputs;
  const found = inputs?.find((input) => input.name === at.widget);
  const value = valueInside(at, subgraph, workflow.subgraphs);
  if (found === undefined || found.widget === null || value === undefined) return found;
  return { ...found, widget: { ...found.widget, default: value } };
}
