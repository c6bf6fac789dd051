/**
 * Which slots of a subgraph's nodes stand for widgets: those whose port leads to a widget inside, be it the promoted
 * widget of another subgraph's node. Drafts keep this true after every edit (see edits/draft.ts).
 */

import type { Draft, Level } from '../edits/draft.ts';
import { INPUT_NODE, type Graph, type GraphNode, type NodeId, type Port } from '../graph.ts';

export interface InnerWidget {
  readonly node: NodeId;
  readonly widget: string;
}

/** Return the first widget inside that an input port leads to; null if it leads to none. */
export function promotedAt(graph: Graph, port: number): InnerWidget | null {
  for (const link of graph.links.values()) {
    if (link.from.node !== INPUT_NODE || link.from.slot !== port) continue;
    const widget = graph.nodes.get(link.to.node)?.inputs[link.to.slot]?.widget ?? null;
    if (widget !== null) return { node: link.to.node, widget };
  }
  return null;
}

/** Return the instances of a subgraph on a level. */
export function instancesAt(level: Level, subgraph: string): GraphNode[] {
  return [...level.nodes.map.values()].filter(({ type }) => type === subgraph);
}

/**
 * Let the slots of a subgraph's instances say which of them stand for widgets inside; new ones take the values from
 * there. Subgraphs around whose ports lead to those slots follow. `around`: levels that are being marked already.
 */
export function markWidgets(level: Level, draft: Draft, around: readonly Level[] = []): void {
  const id = level.subgraph?.id;
  if (id === undefined || around.includes(level)) return;
  const graph = level.result();
  const inner = level.inputs.map((_, index) => promotedAt(graph, index));
  for (const at of draft.levels()) {
    const changed = instancesAt(at, id).flatMap((node) => {
      const marked = withMarks(node, level.inputs, inner, graph);
      return marked === node ? [] : [marked];
    });
    for (const node of changed) at.nodes.set(node.id, node);
    if (changed.length > 0) markWidgets(at, draft, [...around, level]);
  }
}

function withMarks(
  node: GraphNode,
  ports: readonly Port[],
  inner: readonly (InnerWidget | null)[],
  graph: Graph,
): GraphNode {
  return ports.reduce((before, port, index) => {
    const at = inner[index] ?? null;
    const widget = at === null ? null : port.name;
    const slot = before.inputs[index];
    if (slot === undefined || slot.widget === widget) return before;
    const inputs = before.inputs.with(index, { ...slot, widget });
    const value = at && graph.nodes.get(at.node)?.widgets[at.widget];
    if (value === null || value === undefined) return { ...before, inputs };
    return { ...before, inputs, widgets: { [port.name]: value, ...before.widgets } };
  }, node);
}
