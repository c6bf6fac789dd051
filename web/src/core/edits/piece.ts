/**
 * Pieces: some nodes of a graph with the links, reroutes and groups among them, to copy, paste or move into a subgraph.
 *
 *     const piece = pieceOf(graph, selection);
 *     insertPiece(workflow, path, piece, [20, 20]);
 */

import type { Selection } from '../editor.ts';
import {
  graphAt,
  type End,
  type Graph,
  type GraphNode,
  type Group,
  type Link,
  type NodeId,
  type Path,
  type Point,
  type Reroute,
  type RerouteId,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { edit, type Draft, type Level } from './draft.ts';
import { shifted, shiftedRect } from './move.ts';
import { unlinked } from './nodes.ts';
import { reachable } from './prune.ts';
import { attach } from './wires.ts';

export interface Piece {
  readonly nodes: readonly GraphNode[];
  /** Links whose ends both are nodes of the piece (or where a copy says where they start: see CopyOptions). */
  readonly links: readonly Link[];
  readonly reroutes: readonly Reroute[];
  readonly groups: readonly Group[];
}

/** Return what is selected of a graph. Reroutes come along with their links. */
export function pieceOf(graph: Graph, items: Selection): Piece {
  const nodes = [...graph.nodes.values()].filter(({ id }) => items.nodes.has(id));
  const links = [...graph.links.values()].filter(
    ({ from, to }) => items.nodes.has(from.node) && items.nodes.has(to.node),
  );
  const inside = new Set(links.map(({ id }) => id));
  return {
    nodes,
    links,
    reroutes: [...graph.reroutes.values()].filter(({ links: ids }) => ids.some((id) => inside.has(id))),
    groups: [...graph.groups.values()].filter(({ id }) => items.groups.has(id)),
  };
}

/** Return the workflow with a copy of a piece, moved by a distance; subgraphs that it lacks are added. */
export function insertPiece(
  workflow: Workflow,
  path: Path,
  piece: Piece,
  by: Point,
  subgraphs: Iterable<Subgraph> = [],
): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const subgraph of subgraphs) {
      if (!draft.subgraphs.has(subgraph.id)) draft.subgraphs.set(subgraph.id, subgraph);
    }
    copyInto(level, draft, withoutLoops(level, draft, piece), by);
  });
}

/** Return the workflow with copies of the selected nodes and groups; with `keepInputs`, linked as the originals are. */
export function duplicate(
  workflow: Workflow,
  path: Path,
  items: Selection,
  by: Point,
  keepInputs = false,
): Workflow {
  const graph = graphAt(workflow, path);
  return edit(workflow, path, (level, draft) => {
    const { nodes } = copyInto(level, draft, pieceOf(graph, items), by);
    if (!keepInputs) return;
    for (const link of graph.links.values()) {
      const copy = nodes.get(link.to.node);
      if (copy === undefined || nodes.has(link.from.node)) continue;
      const to = { node: copy, slot: link.to.slot };
      attach(level, { ...link, id: draft.newLinkId(level), to });
    }
  });
}

/** Return what a workflow has at a level that it had not before: what to select after an edit that adds. */
export function addedItems(before: Workflow, after: Workflow, path: Path): Selection {
  const [old, now] = [graphAt(before, path), graphAt(after, path)];
  return {
    nodes: new Set([...now.nodes.keys()].filter((id) => !old.nodes.has(id))),
    groups: new Set([...now.groups.keys()].filter((id) => !old.groups.has(id))),
    reroutes: new Set([...now.reroutes.keys()].filter((id) => !old.reroutes.has(id))),
  };
}

export interface CopyOptions {
  /** Whether nodes, links and reroutes keep their ids: they move here from another level. */
  readonly keepsIds?: boolean;
  /** Where a link of the copy starts, if that is no node of the piece; null leaves the link out. */
  readonly startOf?: (from: End) => End | null;
}

export interface Copied {
  readonly nodes: ReadonlyMap<NodeId, NodeId>;
  /** Those links that start outside of the piece, as they are now. */
  readonly fromOutside: readonly { readonly old: Link; readonly id: string }[];
}

/** Copy a piece into a level. */
export function copyInto(
  level: Level,
  draft: Draft,
  piece: Piece,
  by: Point,
  options: CopyOptions = {},
): Copied {
  const keeps = options.keepsIds ?? false;
  const nodes = new Map<NodeId, NodeId>();
  for (const node of piece.nodes) {
    const id = keeps && !level.nodes.has(node.id) ? node.id : draft.newNodeId(level);
    nodes.set(node.id, id);
    level.nodes.set(id, { ...unlinked(node), id, pos: shifted(node.pos, by) });
  }
  for (const group of piece.groups) {
    const id = keeps && !level.groups.has(group.id) ? group.id : draft.newGroupId(level);
    level.groups.set(id, { ...group, id, bounds: shiftedRect(group.bounds, by) });
  }
  const reroutes = copyReroutes(level, draft, piece.reroutes, by, keeps);
  const fromOutside: { old: Link; id: string }[] = [];
  for (const old of piece.links) {
    const [start, target] = [nodes.get(old.from.node), nodes.get(old.to.node)];
    const from = start === undefined ? (options.startOf?.(old.from) ?? null) : { ...old.from, node: start };
    if (from === null || target === undefined) continue;
    const id = keeps && !level.links.has(old.id) ? old.id : draft.newLinkId(level);
    const parent = old.parent === null ? null : (reroutes.get(old.parent) ?? null);
    attach(level, { ...old, id, from, to: { ...old.to, node: target }, parent });
    if (start === undefined) fromOutside.push({ old, id });
  }
  for (const id of reroutes.values())
    if (level.reroutes.get(id)?.links.length === 0) level.reroutes.delete(id);
  return { nodes, fromOutside };
}

/** Copy reroutes that carry nothing yet. */
function copyReroutes(
  level: Level,
  draft: Draft,
  reroutes: readonly Reroute[],
  by: Point,
  keeps: boolean,
): Map<RerouteId, RerouteId> {
  const ids = new Map<RerouteId, RerouteId>();
  for (const { id } of reroutes) {
    ids.set(id, keeps && !level.reroutes.has(id) ? id : draft.newRerouteId(level));
  }
  for (const reroute of reroutes) {
    const id = ids.get(reroute.id) as RerouteId;
    const parent = reroute.parent === null ? null : (ids.get(reroute.parent) ?? null);
    level.reroutes.set(id, { ...reroute, id, parent, pos: shifted(reroute.pos, by), links: [] });
  }
  return ids;
}

/** Return a piece without nodes that would put the subgraph around it into itself. */
function withoutLoops(level: Level, draft: Draft, piece: Piece): Piece {
  const around = level.subgraph?.id;
  if (around === undefined) return piece;
  const nodes = piece.nodes.filter(({ type }) => !reachable(draft, [type]).has(around));
  if (nodes.length === piece.nodes.length) return piece;
  const ids = new Set(nodes.map(({ id }) => id));
  return {
    ...piece,
    nodes,
    links: piece.links.filter(({ from, to }) => ids.has(from.node) && ids.has(to.node)),
  };
}
