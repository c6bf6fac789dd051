/**
 * Finding nodes in a workflow, on every level: by id, title, type, and what their widgets say.
 *
 *     findNodes(workflow, specs, 'portrait')[0]; // { path: [], node: '6', where: 'widget', text: 'a portrait of …' }
 */

import { isNumber } from './exact.ts';
import { fuzzy } from './fuzzy.ts';
import { graphAt, type GraphNode, type Json, type NodeId, type Path, type Workflow } from './graph.ts';
import type { Specs } from './specs.ts';

export interface FoundInWorkflow {
  /** The level on which the node is. */
  readonly path: Path;
  readonly node: NodeId;
  readonly title: string;
  readonly where: 'id' | 'title' | 'type' | 'widget';
  /** What matched: the type's name, or the part of a widget's text around the match. */
  readonly text: string;
  readonly score: number;
}

const MOST_LEVELS = 1000; // instances inside instances multiply
const AROUND = 30; // letters shown beside a match

/** Return the nodes that answer a query, the best first. */
export function findNodes(workflow: Workflow, specs: Specs, query: string, limit = 200): FoundInWorkflow[] {
  const wanted = query.trim();
  if (wanted === '') return [];
  const found: FoundInWorkflow[] = [];
  for (const path of levelsOf(workflow)) {
    for (const node of graphAt(workflow, path).nodes.values()) {
      const title = titleAt(node, workflow, specs);
      const hit = matchNode(node, title, wanted);
      if (hit !== null) found.push({ path, node: node.id, title, ...hit });
    }
  }
  return found.sort((one, other) => other.score - one.score).slice(0, limit);
}

/** Return the ways to all levels: the whole, and the inside of each instance of a subgraph. */
export function levelsOf(workflow: Workflow): Path[] {
  const paths: Path[] = [[]];
  for (let at = 0; at < paths.length && paths.length < MOST_LEVELS; at += 1) {
    const path = paths[at] ?? [];
    for (const { id, type } of graphAt(workflow, path).nodes.values()) {
      if (workflow.subgraphs.has(type) && path.length < workflow.subgraphs.size) paths.push([...path, id]);
    }
  }
  return paths;
}

function titleAt(node: GraphNode, workflow: Workflow, specs: Specs): string {
  const type = workflow.subgraphs.get(node.type)?.name ?? specs.get(node.type)?.title ?? node.type;
  return node.title ?? type;
}

type Hit = Pick<FoundInWorkflow, 'where' | 'text' | 'score'>;

function matchNode(node: GraphNode, title: string, query: string): Hit | null {
  if (node.id === query.replace(/^#/, '')) return { where: 'id', text: `#${node.id}`, score: 2 };
  const [byTitle, byType] = [fuzzy(query, title), fuzzy(query, node.type)];
  const inText = textHit(node, query);
  const hits: Hit[] = [];
  if (byTitle !== null) hits.push({ where: 'title', text: title, score: byTitle.score });
  if (byType !== null) hits.push({ where: 'type', text: node.type, score: byType.score * 0.95 });
  if (inText !== null) hits.push({ where: 'widget', text: inText, score: 0.65 });
  return hits.sort((one, other) => other.score - one.score)[0] ?? null;
}

function textHit(node: GraphNode, query: string): string | null {
  const wanted = query.toLowerCase();
  const values: Json[] = [
    ...Object.values(node.widgets),
    ...(Array.isArray(node.rawWidgets) ? node.rawWidgets : []),
  ];
  for (const value of values) {
    if (typeof value !== 'string' && !isNumber(value)) continue;
    const text = String(value);
    const at = text.toLowerCase().indexOf(wanted);
    if (at >= 0) return excerpt(text, at, wanted.length);
  }
  return null;
}

function excerpt(text: string, at: number, length: number): string {
  const [start, end] = [Math.max(0, at - AROUND), at + length + AROUND];
  const part = text.slice(start, end).replace(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${part}${end < text.length ? '…' : ''}`;
}
