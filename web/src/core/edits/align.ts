/**
 * Aligning and distributing nodes by their rectangles, headers included. Pinned nodes stay.
 *
 *     align(workflow, path, ids, 'left');
 */

import { HEADER } from '../geometry.ts';
import {
  graphAt,
  type GraphNode,
  type NodeId,
  type Path,
  type Point,
  type Rect,
  type Workflow,
} from '../graph.ts';
import { placeNodes } from './move.ts';

export type Alignment = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom';
export type Axis = 'x' | 'y';

const ROUND_ABOUT = 10; // nodes that nearly stand in a row stand in it

/** Return the workflow with nodes moved to a common edge or middle line of their bounds. */
export function align(workflow: Workflow, path: Path, ids: Iterable<NodeId>, to: Alignment): Workflow {
  const nodes = chosen(workflow, path, ids);
  const bounds = boundsOfRects(nodes.map(rectOf));
  if (nodes.length < 2 || bounds === null) return workflow;
  return place(workflow, path, nodes, (rect) => aligned(rect, bounds, to));
}

/** Return the workflow with equal gaps between nodes; the first and the last along the axis stay. */
export function distribute(workflow: Workflow, path: Path, ids: Iterable<NodeId>, axis: Axis): Workflow {
  const length = axis === 'x' ? 'width' : 'height';
  const nodes = chosen(workflow, path, ids).sort((one, other) => rectOf(one)[axis] - rectOf(other)[axis]);
  const bounds = boundsOfRects(nodes.map(rectOf));
  if (nodes.length < 3 || bounds === null) return workflow;
  const [first, last] = [rectOf(nodes[0] as GraphNode), rectOf(nodes.at(-1) as GraphNode)];
  const inner = nodes.slice(1, -1).reduce((sum, node) => sum + rectOf(node)[length], 0);
  const gap = (last[axis] - first[axis] - first[length] - inner) / (nodes.length - 1);
  let at = first[axis];
  const starts = new Map(
    nodes.map((node) => {
      const start = at;
      at += rectOf(node)[length] + gap;
      return [node.id, start] as const;
    }),
  );
  return place(workflow, path, nodes, (rect, id) => ({ ...rect, [axis]: starts.get(id) ?? rect[axis] }));
}

/** Return the workflow with nodes stacked in a column or row, in their order, with equal small gaps. */
export function stack(workflow: Workflow, path: Path, ids: Iterable<NodeId>, axis: Axis, gap = 20): Workflow {
  const length = axis === 'x' ? 'width' : 'height';
  const nodes = chosen(workflow, path, ids).sort((one, other) => {
    const by = rectOf(one)[axis] - rectOf(other)[axis];
    const across = axis === 'x' ? 'y' : 'x';
    return Math.abs(by) > ROUND_ABOUT ? by : rectOf(one)[across] - rectOf(other)[across];
  });
  const bounds = boundsOfRects(nodes.map(rectOf));
  if (nodes.length < 2 || bounds === null) return workflow;
  let at = bounds[axis];
  return place(workflow, path, nodes, (rect) => {
    const start = at;
    at += rect[length] + gap;
    return axis === 'x' ? { ...rect, x: start, y: bounds.y } : { ...rect, x: bounds.x, y: start };
  });
}

/** Return the rectangle of a node with its header. */
function rectOf({ pos, size, isCollapsed }: GraphNode): Rect {
  const height = isCollapsed ? HEADER : size[1] + HEADER;
  return { x: pos[0], y: pos[1] - HEADER, width: size[0], height };
}

function chosen(workflow: Workflow, path: Path, ids: Iterable<NodeId>): GraphNode[] {
  const { nodes } = graphAt(workflow, path);
  return [...new Set(ids)].map((id) => nodes.get(id)).filter((node) => node !== undefined);
}

function boundsOfRects(rects: readonly Rect[]): Rect | null {
  if (rects.length === 0) return null;
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const width = Math.max(...rects.map((rect) => rect.x + rect.width)) - x;
  const height = Math.max(...rects.map((rect) => rect.y + rect.height)) - y;
  return { x, y, width, height };
}

function aligned(rect: Rect, bounds: Rect, to: Alignment): Rect {
  const places = {
    left: { x: bounds.x },
    center: { x: bounds.x + (bounds.width - rect.width) / 2 },
    right: { x: bounds.x + bounds.width - rect.width },
    top: { y: bounds.y },
    middle: { y: bounds.y + (bounds.height - rect.height) / 2 },
    bottom: { y: bounds.y + bounds.height - rect.height },
  };
  return { ...rect, ...places[to] };
}

function place(
  workflow: Workflow,
  path: Path,
  nodes: readonly GraphNode[],
  change: (rect: Rect, id: NodeId) => Rect,
): Workflow {
  const places = new Map<NodeId, Point>();
  for (const node of nodes) {
    const { x, y } = change(rectOf(node), node.id);
    if (!node.isPinned) places.set(node.id, [x, y + HEADER]);
  }
  return placeNodes(workflow, path, places);
}
