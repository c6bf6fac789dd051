/**
 * Arranging a graph from left to right: what to arrange and what follows from it. The work itself (layout-dagre.ts)
 * runs in a worker, which is asked by arrange.ts.
 *
 *     const request = layoutRequest(workflow, path, null);
 *     applyLayout(workflow, path, await arrange(request));
 */

import { edit } from './edits/draft.ts';
import { fitGroupsAround } from './edits/groups.ts';
import { HEADER } from './geometry.ts';
import {
  graphAt,
  INPUT_NODE,
  OUTPUT_NODE,
  subgraphIdAt,
  type Graph,
  type GraphNode,
  type NodeId,
  type Path,
  type Point,
  type RerouteId,
  type Subgraph,
  type Workflow,
} from './graph.ts';

/** A rectangle to place, by the id of a node, or `r:` and the id of a reroute. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface LayoutRequest {
  readonly boxes: readonly Box[];
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** Where the upper left corner of all is to be. */
  readonly corner: Point;
}

/** Upper left corners of boxes by their ids. */
export type Places = ReadonlyMap<string, Point>;

const REROUTE = 'r:';
const REROUTE_SIZE = 10;
const PORTS_WIDTH = 150;
const PORT_ROW = 22;

/** Return what to arrange: the given nodes, or (null) all that are not pinned, with the reroutes among them. */
export function layoutRequest(workflow: Workflow, path: Path, ids: Iterable<NodeId> | null): LayoutRequest {
  const graph = graphAt(workflow, path);
  const wanted = ids === null ? null : new Set(ids);
  const nodes = [...graph.nodes.values()].filter(
    ({ id, isPinned }) => !isPinned && (wanted === null || wanted.has(id)),
  );
  const inside = new Set(nodes.map(({ id }) => id));
  const subgraph = workflow.subgraphs.get(subgraphIdAt(workflow, path) ?? '');
  const ports = subgraph === undefined || wanted !== null ? [] : portBoxes(subgraph);
  for (const { id } of ports) inside.add(id);
  const edges: [string, string][] = [];
  const bends = new Set<RerouteId>();
  for (const { from, to, parent } of graph.links.values()) {
    if (!inside.has(from.node) || !inside.has(to.node)) continue;
    const chain = chainIn(graph, parent);
    for (const id of chain) bends.add(id);
    const stops = [from.node, ...chain.map((id) => REROUTE + id), to.node];
    stops.slice(1).forEach((stop, index) => edges.push([stops[index] ?? '', stop]));
  }
  const bendBoxes = [...bends].map((id) => ({ id: REROUTE + id, width: REROUTE_SIZE, height: REROUTE_SIZE }));
  return { boxes: [...nodes.map(boxOf), ...ports, ...bendBoxes], edges, corner: cornerOf(nodes) };
}

/** Return the workflow with nodes, reroutes and the ends of a subgraph where a layout put them; frames of groups follow. */
export function applyLayout(workflow: Workflow, path: Path, places: Places): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const [id, [x, y]] of places) {
      if (id.startsWith(REROUTE)) {
        const pos: Point = [x + REROUTE_SIZE / 2, y + REROUTE_SIZE / 2];
        level.reroutes.change(id.slice(REROUTE.length), (reroute) => ({ ...reroute, pos }));
      } else if (id === INPUT_NODE || id === OUTPUT_NODE) {
        const field = id === INPUT_NODE ? 'inputPos' : 'outputPos';
        draft.subgraphs.change(level.subgraph?.id ?? '', (value) => ({ ...value, [field]: [x, y] as const }));
      } else level.nodes.change(id, (node) => ({ ...node, pos: [x, y + HEADER] }));
    }
    fitGroupsAround(level, places);
  });
}

function boxOf({ id, size, isCollapsed }: GraphNode): Box {
  return { id, width: size[0], height: isCollapsed ? HEADER : size[1] + HEADER };
}

function portBoxes({ inputs, outputs }: Subgraph): Box[] {
  const box = (id: string, count: number): Box => ({
    id,
    width: PORTS_WIDTH,
    height: HEADER + (count + 1) * PORT_ROW,
  });
  return [box(INPUT_NODE, inputs.length), box(OUTPUT_NODE, outputs.length)];
}

/** Return the ids of the reroutes that a link comes through, from its output on. */
function chainIn(graph: Graph, last: RerouteId | null): RerouteId[] {
  const chain: RerouteId[] = [];
  for (let id = last; id !== null && !chain.includes(id); id = graph.reroutes.get(id)?.parent ?? null) {
    if (graph.reroutes.has(id)) chain.unshift(id);
  }
  return chain;
}

function cornerOf(nodes: readonly GraphNode[]): Point {
  if (nodes.length === 0) return [0, 0];
  const left = Math.min(...nodes.map(({ pos }) => pos[0]));
  const top = Math.min(...nodes.map(({ pos }) => pos[1])) - HEADER;
  return [left, top];
}
