/**
 * Tabs: the workflows that are open, one of which is shown. There is always one.
 *
 *     tabs.open({ name: 'text to image', workflow, file: 'text to image.json' });
 *     tabs.current.value.editor.do(…);
 */

import { Editor, type Camera } from '../core/editor.ts';
import type { NodeId, Path, Point, Size, Workflow } from '../core/graph.ts';
import { EMPTY_WORKFLOW } from '../core/graph.ts';
import type { Specs } from '../core/specs.ts';
import { Store } from '../core/store.ts';

/** What the canvas of the tab that is shown can do for commands and panels; view/view.ts is one. */
export interface View {
  /** Of the canvas, in pixels. */
  readonly size: Size;
  /** Show some nodes, or all, as large as they fit. */
  fit(nodes?: Iterable<NodeId>): void;
  /** Bring a node to the middle and select it. */
  goTo(node: NodeId): void;
  zoomBy(factor: number): void;
  zoomTo(zoom: number): void;
  /** Turn a place on the canvas into one in the graph. */
  screenToGraph(point: Point): Point;
}

export interface Tab {
  readonly id: string;
  readonly editor: Editor;
  /** What the tab shows: the name of its file without its end, or "Unsaved workflow". */
  readonly name: Store<string>;
  /** The canvas sets it while it shows this tab. */
  readonly view: Store<View | null>;
}

export interface Opening {
  readonly name: string;
  readonly workflow: Workflow;
  /** Its file below workflows/ on the server; null: it has none yet. */
  readonly file?: string | null;
  /** What was saved last, if that is another workflow than the one to open. */
  readonly saved?: Workflow;
  readonly path?: Path;
  readonly id?: string;
}

/** Return an id that no other has. (crypto.randomUUID is there only where the page came over HTTPS or from this machine.) */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** Where the camera is until somebody looks. */
export const START_CAMERA: Camera = { x: 0, y: 0, zoom: 1 };

export class Tabs {
  readonly all: Store<readonly Tab[]>;
  readonly current: Store<Tab>;

  /** unnamed: gives names to new workflows, in the user's language. */
  constructor(
    private readonly specs: Store<Specs>,
    private readonly unnamed: (number: number) => string,
    private readonly newId: () => string = randomId,
  ) {
    const first = this.#make({ name: unnamed(1), workflow: EMPTY_WORKFLOW });
    this.all = new Store<readonly Tab[]>([first]);
    this.current = new Store(first);
  }

  /** Open a workflow in a tab of its own and show it. An untouched empty tab gives way to it. */
  open(opening: Opening): Tab {
    const tab = this.#make(opening);
    const { value: now } = this.current;
    const isIdle = now.editor.workflow === EMPTY_WORKFLOW && now.editor.file.value === null;
    this.all.update((tabs) => (isIdle ? tabs.map((each) => (each === now ? tab : each)) : [...tabs, tab]));
    this.current.set(tab);
    return tab;
  }

  /** Open an empty workflow. */
  openNew(): Tab {
    const names = new Set(this.all.value.map((tab) => tab.name.value));
    let number = 1;
    while (names.has(this.unnamed(number))) number += 1;
    const tab = this.#make({ name: this.unnamed(number), workflow: EMPTY_WORKFLOW });
    this.all.update((tabs) => [...tabs, tab]);
    this.current.set(tab);
    return tab;
  }

  /** Open all of a session at once, in order. */
  restore(openings: readonly Opening[], shown: number): void {
    if (openings.length === 0) return;
    const tabs = openings.map((each) => this.#make(each));
    this.all.set(tabs);
    this.current.set(tabs[shown] ?? (tabs[0] as Tab));
  }

  show(tab: Tab): void {
    if (this.all.value.includes(tab)) this.current.set(tab);
  }

  /** Show the tab that many to the right; it goes round. */
  step(by: number): void {
    const { value: tabs } = this.all;
    const at = tabs.indexOf(this.current.value);
    this.show(tabs[(at + by + tabs.length) % tabs.length] as Tab);
  }

  /** Close a tab without asking; the last one leaves an empty workflow behind. */
  close(tab: Tab): void {
    const { value: tabs } = this.all;
    const at = tabs.indexOf(tab);
    if (at < 0) return;
    const rest = tabs.filter((each) => each !== tab);
    if (rest.length === 0) rest.push(this.#make({ name: this.unnamed(1), workflow: EMPTY_WORKFLOW }));
    this.all.set(rest);
    if (this.current.value === tab) this.current.set(rest[Math.min(at, rest.length - 1)] as Tab);
  }

  /** Move a tab to another place in the row. */
  move(tab: Tab, to: number): void {
    const rest = this.all.value.filter((each) => each !== tab);
    this.all.set([...rest.slice(0, to), tab, ...rest.slice(to)]);
  }

  /** The tab that shows a file of the server. */
  ofFile(file: string): Tab | undefined {
    return this.all.value.find((tab) => tab.editor.file.value === file);
  }

  #make({ name, workflow, file = null, saved, path, id }: Opening): Tab {
    const editor = new Editor(this.specs, workflow);
    editor.file.set(file);
    editor.camera.set(START_CAMERA);
    if (saved !== undefined) editor.saved.set(saved);
    if (path !== undefined) editor.go(path);
    return { id: id ?? this.newId(), editor, name: new Store(name), view: new Store<View | null>(null) };
  }
}
