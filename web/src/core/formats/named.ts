/** Give names to the values of widgets in a workflow just read, once all its subgraphs are known. */

import { Draft } from '../edits/draft.ts';
import type { Graph, GraphNode, Json, Subgraph, Workflow } from '../graph.ts';
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

/** Return the workflow with names for the values of nodes whose types were unknown when it was read. */
export function nameNewlyKnown(workflow: Workflow, specs: Specs): Workflow {
  const isNew = ({ rawWidgets, widgets, type }: GraphNode): boolean =>
    rawWidgets !== undefined && Object.keys(widgets).length === 0 && specs.has(type);
  return editAll(workflow, (node) => {
    const spec = isNew(node) ? specs.get(node.type) : undefined;
    if (spec === undefined) return node;
    const saved = { ...node.raw, widgets_values: node.rawWidgets as Json };
    return { ...node, widgets: readValues(saved, spec), rawWidgets: undefined };
  });
}

function editAll(workflow: Workflow, change: (node: GraphNode) => GraphNode): Workflow {
  const draft = new Draft(workflow);
  for (const level of draft.levels()) for (const id of level.nodes.map.keys()) level.nodes.change(id, change);
  return draft.result();
}

function withNames(node: GraphNode, subgraphs: ReadonlyMap<string, Subgraph>, specs: Specs): GraphNode {
  const subgraph = subgraphs.get(node.type);
  if (subgraph !== undefined) return { ...node, widgets: readPromoted(node, subgraph) };
  const spec = specs.get(node.type);
  if (spec !== undefined) return { ...node, widgets: readValues(node.raw, spec) };
  return { ...node, rawWidgets: node.raw.widgets_values };
}
