/**
 * Editor: one open workflow and all that is true of it: its history, what is selected, where the user looks.
 * It knows no DOM. Panels and the canvas watch its stores; commands change it.
 */

import { settleAfter } from './edits/settle.ts';
import {
  EMPTY_WORKFLOW,
  graphAt,
  type Graph,
  type GroupId,
  type NodeId,
  type Path,
  type RerouteId,
  type Workflow,
} from './graph.ts';
import { History } from './history.ts';
import type { Specs } from './specs.ts';
import { Store } from './store.ts';

export interface Selection {
  readonly nodes: ReadonlySet<NodeId>;
  readonly groups: ReadonlySet<GroupId>;
  readonly reroutes: ReadonlySet<RerouteId>;
}

export const NOTHING_SELECTED: Selection = { nodes: new Set(), groups: new Set(), reroutes: new Set() };

/** What part of the graph the window shows: screen = (graph - offset) * zoom. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export class Editor {
  readonly history: History;
  readonly selection = new Store<Selection>(NOTHING_SELECTED);
  readonly camera = new Store<Camera>({ x: 0, y: 0, zoom: 1 });
  /** Where the document came from: the name of its file on the server, if it has one. */
  readonly file = new Store<string | null>(null);
  /** The workflow as it was saved last; compare with history.present to know whether something is unsaved. */
  readonly saved: Store<Workflow>;

  constructor(
    readonly specs: Store<Specs>,
    workflow: Workflow = EMPTY_WORKFLOW,
  ) {
    this.history = new History(workflow);
    this.saved = new Store(workflow);
  }

  get workflow(): Workflow {
    return this.history.present.value.workflow;
  }

  /** The way to the level that is shown. */
  get path(): Path {
    return this.history.present.value.path;
  }

  /** The level that is shown. */
  get graph(): Graph {
    return graphAt(this.workflow, this.path);
  }

  get isUnsaved(): boolean {
    return this.workflow !== this.saved.value;
  }

  /** Change the workflow as one step that undo takes back. Sockets that grow and variable types follow at once. */
  do(name: string, change: (workflow: Workflow) => Workflow, key: string | null = null): void {
    const { path, specs } = this;
    const settled = (before: Workflow): Workflow => settleAfter(before, change(before), path, specs.value);
    this.history.do(name, settled, path, key);
  }

  /** Change the workflow and all that undo and redo lead to. What is saved stays saved. */
  rewrite(change: (workflow: Workflow) => Workflow): void {
    const { isUnsaved } = this;
    this.history.rewrite(change);
    this.saved.set(isUnsaved ? change(this.saved.value) : this.workflow);
  }

  select(nodes: Iterable<NodeId>, groups: Iterable<GroupId> = [], reroutes: Iterable<RerouteId> = []): void {
    this.selection.set({ nodes: new Set(nodes), groups: new Set(groups), reroutes: new Set(reroutes) });
  }

  /** Show another level. */
  go(path: Path): void {
    this.history.present.update((step) => ({ ...step, path }));
    this.selection.set(NOTHING_SELECTED);
  }
}
