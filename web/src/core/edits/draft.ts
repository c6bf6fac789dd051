/**
 * A workflow while an edit changes it. Edits are pure functions; inside, they work on a draft that copies what they
 * touch and shares the rest:
 *
 *     edit(workflow, path, (level) => level.nodes.set('3', { ...node, title: 'Refine' }));
 *
 * An edit that changes nothing gives the very workflow it got.
 */

import {
  subgraphIdAt,
  type Graph,
  type Group,
  type GroupId,
  type Link,
  type LinkId,
  type GraphNode,
  type NodeId,
  type Path,
  type Port,
  type Reroute,
  type RerouteId,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { markWidgets } from '../subgraphs/marks.ts';

/** A map that is copied when it changes first. */
export class DraftMap<K, V> {
  #map: ReadonlyMap<K, V>;
  #own: Map<K, V> | null = null;

  constructor(map: ReadonlyMap<K, V>) {
    this.#map = map;
  }

  /** The map as it is now; the one given at the start if nothing changed. */
  get map(): ReadonlyMap<K, V> {
    return this.#map;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    if (this.#map.get(key) === value && this.#map.has(key)) return;
    this.#write().set(key, value);
  }

  delete(key: K): void {
    if (this.#map.has(key)) this.#write().delete(key);
  }

  /** Change the value at a key; nothing if there is none. */
  change(key: K, change: (value: V) => V): void {
    const value = this.#map.get(key);
    if (value !== undefined) this.set(key, change(value));
  }

  #write(): Map<K, V> {
    this.#own ??= new Map(this.#map);
    this.#map = this.#own;
    return this.#own;
  }
}

/** A graph in a draft, with the ports of the subgraph whose inside it is (none for the whole). */
export class Level {
  readonly nodes: DraftMap<NodeId, GraphNode>;
  readonly links: DraftMap<LinkId, Link>;
  readonly groups: DraftMap<GroupId, Group>;
  readonly reroutes: DraftMap<RerouteId, Reroute>;
  inputs: readonly Port[];
  outputs: readonly Port[];

  constructor(
    readonly graph: Graph,
    readonly subgraph: Subgraph | null,
  ) {
    this.nodes = new DraftMap(graph.nodes);
    this.links = new DraftMap(graph.links);
    this.groups = new DraftMap(graph.groups);
    this.reroutes = new DraftMap(graph.reroutes);
    this.inputs = subgraph?.inputs ?? [];
    this.outputs = subgraph?.outputs ?? [];
  }

  /** Whether links or ports are others than at the start. */
  get hasNewWires(): boolean {
    return this.links.map !== this.graph.links || this.inputs !== (this.subgraph?.inputs ?? this.inputs);
  }

  /** Return the graph as it is now. */
  result(): Graph {
    const { graph } = this;
    const [nodes, links, groups, reroutes] = [
      this.nodes.map,
      this.links.map,
      this.groups.map,
      this.reroutes.map,
    ];
    const isSame =
      nodes === graph.nodes &&
      links === graph.links &&
      groups === graph.groups &&
      reroutes === graph.reroutes;
    return isSame ? graph : { ...graph, nodes, links, groups, reroutes };
  }
}

export class Draft {
  lastNodeId: number;
  lastLinkId: number;
  readonly subgraphs: DraftMap<string, Subgraph>;
  readonly #levels = new Map<string | null, Level>();

  constructor(readonly workflow: Workflow) {
    this.lastNodeId = workflow.lastNodeId;
    this.lastLinkId = workflow.lastLinkId;
    this.subgraphs = new DraftMap(workflow.subgraphs);
  }

  /** Return the whole (null) or the inside of a subgraph; undefined if there is no such subgraph. */
  level(id: string | null): Level | undefined {
    const known = this.#levels.get(id);
    if (known !== undefined) return known;
    const subgraph = id === null ? null : this.subgraphs.get(id);
    if (subgraph === undefined) return undefined;
    const level = new Level(subgraph?.graph ?? this.workflow.root, subgraph);
    this.#levels.set(id, level);
    return level;
  }

  get root(): Level {
    return this.level(null) as Level;
  }

  /** Every level: the whole and the inside of each subgraph. */
  levels(): Level[] {
    const ids: (string | null)[] = [null, ...this.subgraphs.map.keys()];
    return ids.map((id) => this.level(id)).filter((level) => level !== undefined);
  }

  newNodeId(level: Level): NodeId {
    do this.lastNodeId += 1;
    while (level.nodes.has(String(this.lastNodeId)));
    return String(this.lastNodeId);
  }

  newLinkId(level: Level): LinkId {
    do this.lastLinkId += 1;
    while (level.links.has(String(this.lastLinkId)));
    return String(this.lastLinkId);
  }

  /** Reroutes and groups are counted with the links, so that their numbers are not used twice either. */
  newRerouteId(level: Level): RerouteId {
    do this.lastLinkId += 1;
    while (level.reroutes.has(String(this.lastLinkId)));
    return String(this.lastLinkId);
  }

  newGroupId(level: Level): GroupId {
    do this.lastLinkId += 1;
    while (level.groups.has(String(this.lastLinkId)));
    return String(this.lastLinkId);
  }

  /** Remember the number of a reroute or group that goes: a file may have counted further than the links. */
  retire(id: RerouteId | GroupId): void {
    const number = Number(id);
    if (Number.isSafeInteger(number)) this.lastLinkId = Math.max(this.lastLinkId, number);
  }

  result(): Workflow {
    const { workflow } = this;
    for (const level of [...this.#levels.values()]) if (level.hasNewWires) markWidgets(level, this);
    for (const [id, level] of this.#levels) {
      if (id !== null) this.subgraphs.change(id, (subgraph) => withLevel(subgraph, level));
    }
    const root = this.#levels.get(null)?.result() ?? workflow.root;
    const subgraphs = this.subgraphs.map;
    const isSame =
      root === workflow.root &&
      subgraphs === workflow.subgraphs &&
      this.lastNodeId === workflow.lastNodeId &&
      this.lastLinkId === workflow.lastLinkId;
    if (isSame) return workflow;
    return { ...workflow, root, subgraphs, lastNodeId: this.lastNodeId, lastLinkId: this.lastLinkId };
  }
}

function withLevel(subgraph: Subgraph, level: Level): Subgraph {
  const graph = level.result();
  const { inputs, outputs } = level;
  const isSame = graph === subgraph.graph && inputs === subgraph.inputs && outputs === subgraph.outputs;
  return isSame ? subgraph : { ...subgraph, graph, inputs, outputs };
}

/** Return the workflow after a change to the level at a path. */
export function edit(workflow: Workflow, path: Path, change: (level: Level, draft: Draft) => void): Workflow {
  const draft = new Draft(workflow);
  const level = draft.level(subgraphIdAt(workflow, path));
  if (level === undefined) return workflow;
  change(level, draft);
  return draft.result();
}

/** Return the workflow after a change to some nodes of the level at a path. */
export function editNodes(
  workflow: Workflow,
  path: Path,
  ids: Iterable<NodeId>,
  change: (node: GraphNode) => GraphNode,
): Workflow {
  return edit(workflow, path, (level) => {
    for (const id of ids) level.nodes.change(id, change);
  });
}
