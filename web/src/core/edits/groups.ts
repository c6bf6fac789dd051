/** Groups: titled frames that take along what lies in them. */

import type { Selection } from '../editor.ts';
import {
  subgraphIdAt,
  type Graph,
  type Group,
  type GroupId,
  type NodeId,
  type Path,
  type Rect,
  type Workflow,
} from '../graph.ts';
import { GROUP_HEADER, HEADER } from '../geometry.ts';
import { Draft, edit, type Level } from './draft.ts';

const PADDING = 10; // around the nodes of a new group

/** Return the id that the next new group gets. */
export function nextGroupId(workflow: Workflow, path: Path): GroupId {
  const draft = new Draft(workflow);
  return draft.newGroupId(draft.level(subgraphIdAt(workflow, path)) ?? draft.root);
}

/** Return the workflow with a new group. */
export function addGroup(workflow: Workflow, path: Path, title: string, bounds: Rect): Workflow {
  return edit(workflow, path, (level, draft) => {
    const id = draft.newGroupId(level);
    level.groups.set(id, { id, title, bounds, color: null, isPinned: false, raw: {} });
  });
}

/** Return the workflow with a new group around nodes; the same workflow if there are none. */
export function addGroupAround(
  workflow: Workflow,
  path: Path,
  title: string,
  ids: Iterable<NodeId>,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const bounds = boundsAround(level.graph, ids);
    if (bounds === null) return;
    const id = draft.newGroupId(level);
    level.groups.set(id, { id, title, bounds, color: null, isPinned: false, raw: {} });
  });
}

/** Return the workflow with a group that just frames what lies in it now. */
export function fitGroup(workflow: Workflow, path: Path, id: GroupId): Workflow {
  return edit(workflow, path, (level) => {
    const group = level.groups.get(id);
    const bounds = group && boundsAround(level.graph, contentsOf(level.graph, group).nodes);
    if (bounds) level.groups.change(id, (value) => ({ ...value, bounds }));
  });
}

export function resizeGroup(workflow: Workflow, path: Path, id: GroupId, bounds: Rect): Workflow {
  return editGroup(workflow, path, id, (group) => (group.isPinned ? group : { ...group, bounds }));
}

export function setGroupTitle(workflow: Workflow, path: Path, id: GroupId, title: string): Workflow {
  return editGroup(workflow, path, id, (group) => (group.title === title ? group : { ...group, title }));
}

export function setGroupColor(workflow: Workflow, path: Path, id: GroupId, color: string | null): Workflow {
  return editGroup(workflow, path, id, (group) => (group.color === color ? group : { ...group, color }));
}

export function setGroupPinned(workflow: Workflow, path: Path, id: GroupId, isPinned: boolean): Workflow {
  return editGroup(workflow, path, id, (group) =>
    group.isPinned === isPinned ? group : { ...group, isPinned },
  );
}

/** Return the workflow without some groups; what lay in them stays. */
export function removeGroups(workflow: Workflow, path: Path, ids: Iterable<GroupId>): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const id of ids) {
      if (level.groups.has(id)) draft.retire(id);
      level.groups.delete(id);
    }
  });
}

/** Return what moves with a group: nodes and reroutes whose middle lies in it, and groups that lie in it wholly. */
export function contentsOf(graph: Graph, group: Group): Selection {
  const { bounds } = group;
  const nodes = [...graph.nodes.values()].filter(({ pos, size }) =>
    isInside(bounds, pos[0] + size[0] / 2, pos[1] + size[1] / 2),
  );
  const reroutes = [...graph.reroutes.values()].filter(({ pos }) => isInside(bounds, pos[0], pos[1]));
  const groups = [...graph.groups.values()].filter(
    (other) => other !== group && contains(bounds, other.bounds),
  );
  return { nodes: idsOf(nodes), reroutes: idsOf(reroutes), groups: idsOf(groups) };
}

/** Let frames go round the nodes that lay in them before these were moved, inner frames first. */
export function fitGroupsAround(level: Level, moved: { has(id: NodeId): boolean }): void {
  const before = level.graph;
  const area = ({ bounds }: Group): number => bounds.width * bounds.height;
  for (const group of [...before.groups.values()].sort((one, other) => area(one) - area(other))) {
    const { nodes, groups } = contentsOf(before, group);
    if (group.isPinned || ![...nodes].some((id) => moved.has(id))) continue;
    const frames = [...groups].flatMap((id) => level.groups.get(id)?.bounds ?? []);
    const around = boundsAround({ ...before, nodes: level.nodes.map }, nodes);
    const bounds = frames.reduce((all, frame) => withFrame(all, frame), around);
    if (bounds !== null) level.groups.change(group.id, (now) => ({ ...now, bounds }));
  }
}

/** Return a frame that leaves room around another one. */
function withFrame(outer: Rect | null, { x, y, width, height }: Rect): Rect | null {
  if (outer === null) return null;
  const left = Math.min(outer.x, x - PADDING);
  const top = Math.min(outer.y, y - PADDING - GROUP_HEADER);
  const right = Math.max(outer.x + outer.width, x + width + PADDING);
  const bottom = Math.max(outer.y + outer.height, y + height + PADDING);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Return the frame around some nodes with room for a title; null if none of them exists. */
export function boundsAround(graph: Graph, ids: Iterable<NodeId>): Rect | null {
  const nodes = [...ids].map((id) => graph.nodes.get(id)).filter((node) => node !== undefined);
  if (nodes.length === 0) return null;
  const left = Math.min(...nodes.map(({ pos }) => pos[0])) - PADDING;
  const top = Math.min(...nodes.map(({ pos }) => pos[1] - HEADER)) - PADDING - GROUP_HEADER;
  const right = Math.max(...nodes.map(({ pos, size }) => pos[0] + size[0])) + PADDING;
  const bottom = Math.max(...nodes.map(({ pos, size }) => pos[1] + size[1])) + PADDING;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function editGroup(workflow: Workflow, path: Path, id: GroupId, change: (group: Group) => Group): Workflow {
  return edit(workflow, path, (level) => level.groups.change(id, change));
}

function isInside(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;
}

function contains(outer: Rect, inner: Rect): boolean {
  return isInside(outer, inner.x, inner.y) && isInside(outer, inner.x + inner.width, inner.y + inner.height);
}

function idsOf<Id>(items: readonly { readonly id: Id }[]): Set<Id> {
  return new Set(items.map(({ id }) => id));
}
