/** Moving nodes, groups and reroutes. Pinned ones stay where they are. */

import type { Selection } from '../editor.ts';
import type { Group, NodeId, Path, Point, Rect, Workflow } from '../graph.ts';
import { edit } from './draft.ts';

/** Return the workflow with the selected nodes, groups and reroutes moved by a distance. */
export function moveItems(workflow: Workflow, path: Path, items: Selection, by: Point): Workflow {
  if (by[0] === 0 && by[1] === 0) return workflow;
  return edit(workflow, path, (level) => {
    for (const id of items.nodes) {
      level.nodes.change(id, (node) => (node.isPinned ? node : { ...node, pos: shifted(node.pos, by) }));
    }
    for (const id of items.reroutes) {
      level.reroutes.change(id, (reroute) => ({ ...reroute, pos: shifted(reroute.pos, by) }));
    }
    for (const id of items.groups) level.groups.change(id, (group) => movedGroup(group, by));
  });
}

/** Return the workflow with nodes at given places, pinned ones too. */
export function placeNodes(workflow: Workflow, path: Path, places: ReadonlyMap<NodeId, Point>): Workflow {
  return edit(workflow, path, (level) => {
    for (const [id, pos] of places) {
      level.nodes.change(id, (node) => (isSame(node.pos, pos) ? node : { ...node, pos }));
    }
  });
}

/** Return the workflow with the end of a subgraph (the block of its ports) at another place. */
export function movePorts(workflow: Workflow, path: Path, end: 'input' | 'output', pos: Point): Workflow {
  return edit(workflow, path, (level, draft) => {
    const field = end === 'input' ? 'inputPos' : 'outputPos';
    if (level.subgraph !== null) {
      draft.subgraphs.change(level.subgraph.id, (subgraph) =>
        isSame(subgraph[field], pos) ? subgraph : { ...subgraph, [field]: pos },
      );
    }
  });
}

export function shifted(pos: Point, by: Point): Point {
  return [pos[0] + by[0], pos[1] + by[1]];
}

export function shiftedRect(rect: Rect, by: Point): Rect {
  return { ...rect, x: rect.x + by[0], y: rect.y + by[1] };
}

function movedGroup(group: Group, by: Point): Group {
  return group.isPinned ? group : { ...group, bounds: shiftedRect(group.bounds, by) };
}

function isSame(one: Point, other: Point): boolean {
  return one[0] === other[0] && one[1] === other[1];
}
