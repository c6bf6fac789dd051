/** Give names to the values of widgets in a workflow just read, once all its subgraphs are known. */

import type { Graph, GraphNode, Subgraph, Workflow } from '../graph.ts';
import type { Specs } from '../specs.ts';
import { readPromoted } from './promoted-values.ts';
import { readValues } from './widget-values.ts';

/** Return the workflow with the values of all widgets by name; those of unknown types stay as the file has them. */
export function nameWidgets(workflow: Workflow, specs: Specs): Workflow {
  const named = (graph: Graph): Graph => {
    const nodes = [...graph.nodes].map(
      ([id, node]) => [id, withNames(node, workflow.subgraphs, specs)] as const,
    );
    return { ...graph, nodes: new Map(nodes) };
  };
  const subgraphs = [...workflow.subgraphs].map(
    ([id, subgraph]) => [id, { ...subgraph, graph: named(subgraph.graph) }] as const,
  );
  return { ...workflow, root: named(workflow.root), subgraphs: new Map(subgraphs) };
}

function withNames(node: GraphNode, subgraphs: ReadonlyMap<string, Subgraph>, specs: Specs): GraphNode {
  const subgraph = subgraphs.get(node.type);
  if (subgraph !== undefined) return { ...node, widgets: readPromoted(node, subgraph) };
  const spec = specs.get(node.type);
  if (spec !== undefined) return { ...node, widgets: readValues(node.raw, spec, node.inputs) };
  return { ...node, rawWidgets: node.raw.widgets_values };
}
