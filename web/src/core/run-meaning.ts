/** Whether two states of a workflow run the same: places, colours and groups do not count. */

import { writeExact } from './exact.ts';
import type { Graph, GraphNode, Workflow } from './graph.ts';

/** The types of nodes that say something only to readers. */
const NOTES: ReadonlySet<string> = new Set(['Note', 'MarkdownNote']);

export function runsTheSame(one: Workflow, other: Workflow): boolean {
  if (one === other) return true;
  if (!isSameGraph(one.root, other.root)) return false;
  if (one.subgraphs === other.subgraphs) return true;
  if (one.subgraphs.size !== other.subgraphs.size) return false;
  return [...one.subgraphs].every(([id, subgraph]) => {
    const found = other.subgraphs.get(id);
    return found !== undefined && isSameGraph(subgraph.graph, found.graph);
  });
}

function isSameGraph(one: Graph, other: Graph): boolean {
  if (one === other) return true;
  return isSameNodes(one, other) && isSameLinks(one, other);
}

function isSameNodes(one: Graph, other: Graph): boolean {
  if (one.nodes === other.nodes) return true;
  const [ours, theirs] = [running(one), running(other)];
  return ours.length === theirs.length && ours.every((node) => isSameNode(node, other.nodes.get(node.id)));
}

function running(graph: Graph): readonly GraphNode[] {
  return [...graph.nodes.values()].filter(({ type }) => !NOTES.has(type));
}

function isSameNode(one: GraphNode, other: GraphNode | undefined): boolean {
  if (other === undefined || one === other) return one === other;
  if (one.type !== other.type || one.mode !== other.mode) return false;
  return isAlike(one.widgets, other.widgets) && isAlike(one.rawWidgets, other.rawWidgets);
}

function isSameLinks(one: Graph, other: Graph): boolean {
  if (one.links === other.links) return true;
  const key = (graph: Graph): string =>
    [...graph.links.values()]
      .map(({ from, to }) => `${from.node}.${from.slot}>${to.node}.${to.slot}`)
      .sort()
      .join();
  return key(one) === key(other);
}

function isAlike(one: unknown, other: unknown): boolean {
  return one === other || writeExact(one) === writeExact(other);
}
