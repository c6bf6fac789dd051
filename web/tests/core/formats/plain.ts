/** Workflows without what files had, to compare what they mean. */

import type { Graph, GraphNode, Workflow } from '../../../src/core/graph.ts';
import { promotedOf, valueInside } from '../../../src/core/subgraphs/promote.ts';

/** Return a workflow as plain JSON without `raw`, and without the values that are left out anyway. */
export function plainOf(workflow: Workflow): unknown {
  const { root, subgraphs, lastNodeId, lastLinkId } = workflow;
  const inner = [...subgraphs.values()].map((each) => ({ ...each, graph: plainGraph(each.graph, workflow) }));
  return withoutRaw({ root: plainGraph(root, workflow), inner, lastNodeId, lastLinkId });
}

function plainGraph({ nodes, links, groups, reroutes }: Graph, workflow: Workflow): unknown {
  const plain = [...nodes.values()].map((node) => ({ ...node, widgets: shownValues(node, workflow) }));
  return { nodes: plain, links: [...links], groups: [...groups], reroutes: [...reroutes] };
}

/**
 * Edits by chance give subgraphs' nodes values that they have no widget for: those mean nothing. A value that such a
 * node lacks is the one inside.
 */
function shownValues(node: GraphNode, workflow: Workflow): unknown {
  const subgraph = workflow.subgraphs.get(node.type);
  if (subgraph === undefined) return node.widgets;
  const values = promotedOf(node, subgraph).map(({ key, node: id, widget }) => {
    return [
      key,
      node.widgets[key] ?? valueInside({ node: id, widget }, subgraph, workflow.subgraphs) ?? null,
    ];
  });
  return Object.fromEntries(values);
}

function withoutRaw(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => (key === 'raw' ? undefined : inner));
  return JSON.parse(text);
}
