/** Places for nodes that have none: columns from left to right in the direction of the links. */

import { HEADER } from '../geometry.ts';
import type { GraphNode, Link, NodeId } from '../graph.ts';

const GAP_X = 80;
const GAP_Y = 60;

/** Return the nodes in columns; a node stands right of everything that it reads, unless they form a ring. */
export function placeInColumns(
  nodes: ReadonlyMap<NodeId, GraphNode>,
  links: ReadonlyMap<string, Link>,
): Map<NodeId, GraphNode> {
  const columns = columnsOf(nodes, links);
  const placed = new Map(nodes);
  let x = 0;
  for (const column of columns) {
    let y = 0;
    for (const id of column) {
      const node = nodes.get(id) as GraphNode;
      placed.set(id, { ...node, pos: [x, y] });
      y += node.size[1] + HEADER + GAP_Y;
    }
    x += Math.max(...column.map((id) => (nodes.get(id) as GraphNode).size[0])) + GAP_X;
  }
  return placed;
}

/** Return the ids of each column in written order: in each round those nodes whose sources all stand already. */
function columnsOf(nodes: ReadonlyMap<NodeId, GraphNode>, links: ReadonlyMap<string, Link>): NodeId[][] {
  const waits = new Map([...nodes.keys()].map((id) => [id, 0]));
  const readers = new Map<NodeId, NodeId[]>();
  for (const { from, to } of links.values()) {
    waits.set(to.node, (waits.get(to.node) ?? 0) + 1);
    const known = readers.get(from.node);
    if (known === undefined) readers.set(from.node, [to.node]);
    else known.push(to.node);
  }
  const order = new Map([...nodes.keys()].map((id, index) => [id, index]));
  const byOrder = (one: NodeId, other: NodeId): number => (order.get(one) ?? 0) - (order.get(other) ?? 0);
  const columns: NodeId[][] = [];
  let ready = [...waits.keys()].filter((id) => waits.get(id) === 0);
  while (waits.size > 0) {
    const column = ready.length > 0 ? ready : [...waits.keys()]; // what is left waits for itself
    for (const id of column) waits.delete(id);
    ready = [];
    for (const reader of column.flatMap((id) => readers.get(id) ?? [])) {
      const count = waits.get(reader);
      if (count !== undefined) waits.set(reader, count - 1);
      if (count === 1) ready.push(reader);
    }
    ready.sort(byOrder);
    columns.push(column);
  }
  return columns;
}
