/**
 * What differs between two workflows: nodes that came, went and changed, and links, on every level.
 *
 *     const diff = diffOf(saved, editor.workflow);
 *     diff.changed[0]?.changes; // [{ kind: 'value', name: 'steps', before: 20, after: 30 }]
 *
 * Nodes are the same if they have the same id and type on the same level; links if they join the same sockets.
 */

import type { Graph, GraphNode, Json, Link, NodeId, Workflow } from './graph.ts';
import { sameJson } from './json.ts';

/** A level: the id of a subgraph; null is the whole. */
export type LevelId = string | null;

export type ChangeKind = 'value' | 'title' | 'mode' | 'place' | 'look' | 'property';

export interface Change {
  readonly kind: ChangeKind;
  /** The widget or property; '' for what a node has once. */
  readonly name: string;
  /** Undefined: it had none. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

export interface DiffNode {
  readonly level: LevelId;
  readonly node: GraphNode;
}

export interface ChangedNode {
  readonly level: LevelId;
  readonly before: GraphNode;
  readonly after: GraphNode;
  readonly changes: readonly Change[];
}

/** A link with its sockets by name. */
export interface DiffLink {
  readonly level: LevelId;
  readonly link: Link;
  readonly from: { readonly node: NodeId; readonly output: string };
  readonly to: { readonly node: NodeId; readonly input: string };
}

export interface Diff {
  readonly added: readonly DiffNode[];
  readonly removed: readonly DiffNode[];
  readonly changed: readonly ChangedNode[];
  readonly addedLinks: readonly DiffLink[];
  readonly removedLinks: readonly DiffLink[];
}

/** Return what an edit from one workflow to the other would have to do. */
export function diffOf(before: Workflow, after: Workflow): Diff {
  const [old, now] = [levelsOf(before), levelsOf(after)];
  const levels = [...new Set([...old.keys(), ...now.keys()])];
  const parts = levels.map((level) => levelDiff(level, old.get(level), now.get(level)));
  return {
    added: parts.flatMap((part) => part.added),
    removed: parts.flatMap((part) => part.removed),
    changed: parts.flatMap((part) => part.changed),
    addedLinks: parts.flatMap((part) => part.addedLinks),
    removedLinks: parts.flatMap((part) => part.removedLinks),
  };
}

/** Whether a diff says nothing. */
export function isNoDiff(diff: Diff): boolean {
  return Object.values(diff).every((items: readonly unknown[]) => items.length === 0);
}

function levelsOf({ root, subgraphs }: Workflow): Map<LevelId, Graph> {
  return new Map<LevelId, Graph>([
    [null, root],
    ...[...subgraphs].map(([id, { graph }]) => [id, graph] as const),
  ]);
}

function levelDiff(level: LevelId, before: Graph | undefined, after: Graph | undefined): Diff {
  const placed = (node: GraphNode): DiffNode => ({ level, node });
  const [old, now] = [linksOf(level, before), linksOf(level, after)];
  return {
    added: missingIn(after, before).map(placed),
    removed: missingIn(before, after).map(placed),
    changed: changedNodes(level, before, after),
    addedLinks: [...now].filter(([key]) => !old.has(key)).map(([, link]) => link),
    removedLinks: [...old].filter(([key]) => !now.has(key)).map(([, link]) => link),
  };
}

/** Return the nodes of one graph that the other does not have. */
function missingIn(graph: Graph | undefined, other: Graph | undefined): GraphNode[] {
  return [...(graph?.nodes.values() ?? [])].filter(({ id, type }) => other?.nodes.get(id)?.type !== type);
}

function changedNodes(level: LevelId, before: Graph | undefined, after: Graph | undefined): ChangedNode[] {
  return [...(after?.nodes.values() ?? [])].flatMap((node): ChangedNode[] => {
    const old = before?.nodes.get(node.id);
    if (old === undefined || old === node || old.type !== node.type) return [];
    const changes = changesOf(old, node);
    return changes.length > 0 ? [{ level, before: old, after: node, changes }] : [];
  });
}

function changesOf(old: GraphNode, now: GraphNode): Change[] {
  const looks = ({ color, bgcolor, isCollapsed, isPinned }: GraphNode): Json => [
    color,
    bgcolor,
    isCollapsed,
    isPinned,
  ];
  return [
    ...changedFields('value', old.widgets, now.widgets),
    ...changed('value', old.rawWidgets, now.rawWidgets),
    ...changed('title', old.title, now.title),
    ...changed('mode', old.mode, now.mode),
    ...changed('place', [old.pos, old.size], [now.pos, now.size]),
    ...changed('look', looks(old), looks(now)),
    ...changedFields('property', old.properties, now.properties),
  ];
}

type Fields = { readonly [name: string]: Json };

function changedFields(kind: ChangeKind, old: Fields, now: Fields): Change[] {
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].flatMap((name) => changed(kind, old[name], now[name], name));
}

function changed(kind: ChangeKind, before: Json | undefined, after: Json | undefined, name = ''): Change[] {
  return sameJson(before, after) ? [] : [{ kind, name, before, after }];
}

/** Return the links of a level by the sockets that they join. Sockets without a name have their number. */
function linksOf(level: LevelId, graph: Graph | undefined): Map<string, DiffLink> {
  const links = new Map<string, DiffLink>();
  for (const link of graph?.links.values() ?? []) {
    const output = graph?.nodes.get(link.from.node)?.outputs[link.from.slot]?.name || String(link.from.slot);
    const input = graph?.nodes.get(link.to.node)?.inputs[link.to.slot]?.name || String(link.to.slot);
    const [from, to] = [
      { node: link.from.node, output },
      { node: link.to.node, input },
    ] as const;
    links.set(JSON.stringify([from, link.from.slot, to]), { level, link, from, to });
  }
  return links;
}
