/**
 * A workflow as the editor holds it: values that never change. An edit makes a new value that shares all that stayed,
 * so that undo is keeping the old one.
 *
 * What a file has and the editor does not know is kept in `raw` and written back (see formats.ts).
 */

export type Json =
  null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Ids are texts here, whatever the file wrote; formats.ts writes numbers back as numbers. */
export type NodeId = string;
export type LinkId = string;
export type GroupId = string;
export type RerouteId = string;

/** Places and sizes are in graph units: pixels at zoom 1, y downward. */
export type Point = readonly [x: number, y: number];
export type Size = readonly [width: number, height: number];

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a run does with a node: run it, leave it out with all behind it, or pass its inputs through. */
export type Mode = 'always' | 'mute' | 'bypass';

export interface InputSlot {
  readonly name: string;
  readonly type: string;
  readonly label: string | null;
  /** The widget that this socket stands for, if it does. */
  readonly widget: string | null;
  readonly isOptional: boolean;
  readonly link: LinkId | null;
  readonly raw: JsonObject;
}

export interface OutputSlot {
  readonly name: string;
  readonly type: string;
  readonly label: string | null;
  readonly links: readonly LinkId[];
  readonly raw: JsonObject;
}

export interface GraphNode {
  readonly id: NodeId;
  readonly type: string;
  /** What the user calls it; null: its type's name. */
  readonly title: string | null;
  readonly pos: Point;
  readonly size: Size;
  readonly mode: Mode;
  readonly isCollapsed: boolean;
  readonly isPinned: boolean;
  readonly color: string | null;
  readonly bgcolor: string | null;
  readonly inputs: readonly InputSlot[];
  readonly outputs: readonly OutputSlot[];
  /** Values of widgets by name, for nodes whose type is known; `widgets_values` as it stands for others (rawWidgets). */
  readonly widgets: { readonly [name: string]: Json };
  readonly rawWidgets: Json | undefined;
  readonly properties: JsonObject;
  readonly raw: JsonObject;
}

export interface End {
  readonly node: NodeId;
  readonly slot: number;
}

export interface Link {
  readonly id: LinkId;
  readonly from: End;
  readonly to: End;
  readonly type: string;
  /** The reroute that this link comes through last. */
  readonly parent: RerouteId | null;
  readonly raw: JsonObject;
}

export interface Reroute {
  readonly id: RerouteId;
  readonly pos: Point;
  readonly parent: RerouteId | null;
  readonly links: readonly LinkId[];
  readonly raw: JsonObject;
}

export interface Group {
  readonly id: GroupId;
  readonly title: string;
  readonly bounds: Rect;
  readonly color: string | null;
  readonly isPinned: boolean;
  readonly raw: JsonObject;
}

/** One level of a workflow: the whole, or the inside of a subgraph. */
export interface Graph {
  readonly nodes: ReadonlyMap<NodeId, GraphNode>;
  readonly links: ReadonlyMap<LinkId, Link>;
  readonly groups: ReadonlyMap<GroupId, Group>;
  readonly reroutes: ReadonlyMap<RerouteId, Reroute>;
  readonly raw: JsonObject;
}

export interface Port {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly label: string | null;
  readonly links: readonly LinkId[];
  readonly raw: JsonObject;
}

/** Inside a subgraph, links of its inputs come from this node and links of its outputs go to that one. */
export const INPUT_NODE: NodeId = '-10';
export const OUTPUT_NODE: NodeId = '-20';

/** A subgraph's definition; nodes whose type is its id are its instances. */
export interface Subgraph {
  readonly id: string;
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly inputPos: Point;
  readonly outputPos: Point;
  readonly raw: JsonObject;
}

export interface Workflow {
  readonly root: Graph;
  readonly subgraphs: ReadonlyMap<string, Subgraph>;
  /** The largest numbers that were ever given, so that ids are never used twice. */
  readonly lastNodeId: number;
  readonly lastLinkId: number;
  readonly raw: JsonObject;
}

/** The way to the level that is shown: ids of subgraph nodes from the whole inward; [] is the whole. */
export type Path = readonly NodeId[];

export const EMPTY_GRAPH: Graph = {
  nodes: new Map(),
  links: new Map(),
  groups: new Map(),
  reroutes: new Map(),
  raw: {},
};

export const EMPTY_WORKFLOW: Workflow = {
  root: EMPTY_GRAPH,
  subgraphs: new Map(),
  lastNodeId: 0,
  lastLinkId: 0,
  raw: {},
};

/** Return the level that a path leads to; the whole if it leads nowhere. */
export function graphAt(workflow: Workflow, path: Path): Graph {
  const id = subgraphIdAt(workflow, path);
  return id === null ? workflow.root : (workflow.subgraphs.get(id)?.graph ?? workflow.root);
}

/** Return the id of the subgraph that a path leads into; null for the whole. */
export function subgraphIdAt(workflow: Workflow, path: Path): string | null {
  let id: string | null = null;
  let graph = workflow.root;
  for (const step of path) {
    const type = graph.nodes.get(step)?.type;
    const inner = type === undefined ? undefined : workflow.subgraphs.get(type);
    if (inner === undefined) return id;
    id = inner.id;
    graph = inner.graph;
  }
  return id;
}

/** Return a workflow with the level at a path replaced. */
export function withGraphAt(workflow: Workflow, path: Path, graph: Graph): Workflow {
  const id = subgraphIdAt(workflow, path);
  if (id === null) return { ...workflow, root: graph };
  const subgraph = workflow.subgraphs.get(id);
  if (subgraph === undefined) return workflow;
  return { ...workflow, subgraphs: new Map(workflow.subgraphs).set(id, { ...subgraph, graph }) };
}
