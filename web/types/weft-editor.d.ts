/**
 * What scripts of node packs can do in Weft's editor: version 1 of the API. The editor is declared with these very types;
 * docs/editor-extensions.md has a whole example. A script is an ES module that exports `activate`:
 *
 *     export const api = 1;
 *
 *     export function activate(weft) {
 *       weft.addCommand({ id: 'count', title: 'Count nodes', run: () => weft.tell(`${weft.workflow.nodes().length}`) });
 *     }
 *
 * For a checker, with this file beside the script: `import type { Weft1 } from './weft-editor.js'` in
 * TypeScript, the same as `@import` in a comment of JavaScript.
 *
 * Whatever a script adds goes by itself when its pack is changed or removed; each `add…` and `on…` also returns a function
 * that takes it away at once. What a script throws is told to the user with the name of its pack, and harms nothing else.
 */

/** What a script exports. */
export interface Extension1 {
  /** The version of this API that it is written for; 1 if left out. */
  readonly api?: 1;
  /** Called once. What it returns, if it is a function, is called when the script ends. */
  readonly activate: Activate1;
}

export type Activate1 = (weft: Weft1) => void | Dispose | Promise<void | Dispose>;

/** Takes away what was added. Calling it again does nothing. */
export type Dispose = () => void;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A text for users: in English, or in several languages. */
export type Label = string | { readonly en: string; readonly pt?: string };

/** All that a script can do. */
export interface Weft1 {
  readonly api: 1;
  /** The name of the pack that the script is from. */
  readonly pack: string;
  /** The language of the editor. */
  readonly language: 'en' | 'pt';
  /** The workflow that is shown. */
  readonly workflow: Workflow1;

  /** Have a widget edit some values in place of the editor's own. */
  addWidget(widget: Widget1): Dispose;
  /** Show something in nodes of some types, below their widgets or in place of them. */
  addBody(body: Body1): Dispose;
  /** Add a command: it is in the list of commands (Ctrl+K) and of shortcuts. */
  addCommand(command: Command1): Dispose;
  /** Add a panel at the side, with a button and a command that shows it. */
  addPanel(panel: Panel1): Dispose;
  /** Add an item to a menu of the canvas, of nodes or of sockets. */
  addMenuItem(item: MenuItem1): Dispose;

  /** Hear the server's messages of a type; for those that the pack's Python code sends. */
  onMessage(type: string, listener: (data: JsonObject) => void): Dispose;
  /** Hear how runs of this window go: at each new phase, and whenever a node has shown something. */
  onRun(listener: (run: Run1) => void): Dispose;
  /** Have a function called when the script ends: its pack was changed or removed. */
  onEnd(listener: () => void): void;

  /** Start one of the editor's commands (`file.save`, `run.run` …), or one of the script's own by its short id. */
  run(command: string): void;
  /** Show a panel: one of the script's own by its short id, or `queue`, `gallery`, `logs` …; null closes it. */
  showPanel(id: string | null): void;
  /** Show a short message that goes by itself. */
  tell(text: string, kind?: 'info' | 'success' | 'warning' | 'error'): void;
  /** Write a line into the log panel. */
  log(text: string): void;
  /** Ask the server for something below /api, as `v1/queue`; works wherever the editor is served from. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The address of a file beside the script, as `icons/star.svg`. */
  url(path: string): string;
}

// Widgets

export interface Widget1 {
  /**
   * Which values: a name that inputs give in Python (`Options(widget_type="STARS")`, the `type` of a widget class, or
   * `{"widgetType": "STARS"}` in ComfyUI's shape); or one input of one node type.
   */
  readonly for: string | { readonly node: string; readonly input: string };
  /** In pixels at zoom 1; 26 if left out. */
  readonly height?: number;
  /** Makes the widget in an element; or the name of a custom element whose property `given` is set. */
  readonly mount: ((element: HTMLElement, given: WidgetGiven1) => Mounted1<WidgetGiven1>) | string;
}

export interface WidgetGiven1 {
  /** What the workflow holds. */
  readonly value: Json;
  /** Change it: as one step that undo takes back, saved in the workflow and given to the node when it runs. */
  readonly set: (value: Json) => void;
  /** What is shown beside the value. */
  readonly name: string;
  /** What screen readers are to say: the title of the node, and the name. */
  readonly label: string;
  /** What the node's Python code says of the input: `default`, `min`, `tooltip` … */
  readonly options: JsonObject;
  /** A link gives the value: show it, but let nobody change it. */
  readonly isDisabled: boolean;
  readonly node: { readonly id: string; readonly type: string; readonly title: string };
}

/** What `mount` returns. */
export interface Mounted1<Given> {
  /** Show what is given now. Functions that were given before stay good. */
  readonly update?: (given: Given) => void;
  /** The element goes. */
  readonly destroy?: () => void;
}

// Bodies of nodes

export interface Body1 {
  /** The types of nodes, by their names in workflow files. */
  readonly nodes: readonly string[];
  /** Below the widgets, or in place of them (their values stay, and their sockets can be linked); below if left out. */
  readonly place?: 'below' | 'instead';
  /** The least height, in pixels at zoom 1; it grows with the node. */
  readonly height: number;
  readonly mount: (element: HTMLElement, given: BodyGiven1) => Mounted1<BodyGiven1>;
}

export interface BodyGiven1 {
  readonly node: Node1;
  /** Change the value of a widget, as one step that undo takes back. */
  readonly set: (input: string, value: Json) => void;
  readonly run: NodeRun1;
}

/** What a run does with a node. */
export interface NodeRun1 {
  /** Null: it is not part of the run. */
  readonly phase: 'waiting' | 'running' | 'cached' | 'done' | 'error' | null;
  /** From 0 to 1. */
  readonly progress: number;
  /** What it showed last (`run.show`, or `ui` in ComfyUI's shape); null: nothing yet. */
  readonly shown: JsonObject | null;
  readonly errors: readonly string[];
}

// Commands, panels, menus

export interface Command1 {
  /** Short: it need not differ from those of other packs. */
  readonly id: string;
  readonly title: Label;
  /** As `Mod+Shift+G` (Mod is Ctrl, or Cmd on a Mac). Users may change it; the editor's own keys go first. */
  readonly shortcut?: string;
  readonly isEnabled?: () => boolean;
  readonly run: () => void | Promise<void>;
}

export interface Panel1 {
  readonly id: string;
  readonly title: Label;
  /** The path of an icon in a square of 16, drawn as a line (`M3 8h10`), or the name of one of the editor's icons. */
  readonly icon?: string;
  /** Fills the panel each time that it is shown. */
  readonly mount: (element: HTMLElement) => Dispose | void;
}

export type MenuItem1 =
  | MenuItemOf<'canvas', { readonly at: readonly [x: number, y: number] }>
  | MenuItemOf<'node', { readonly node: Node1 }>
  | MenuItemOf<'socket', { readonly node: Node1; readonly side: 'input' | 'output'; readonly name: string }>;

export interface MenuItemOf<Where extends string, Target> {
  /** In which menu: of the ground, of a node, of a socket or the widget in its place. */
  readonly where: Where;
  readonly title: Label;
  /** Whether it is in the menu of a target; always if left out. */
  readonly isShown?: (target: Target) => boolean;
  readonly isEnabled?: (target: Target) => boolean;
  readonly run: (target: Target) => void | Promise<void>;
}

// The workflow

/** A node as it is now. Values are never changed in place: `setValue` and its kin make new ones. */
export interface Node1 {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  /** Of the corner below its header, in the graph. */
  readonly position: readonly [x: number, y: number];
  readonly size: readonly [width: number, height: number];
  readonly mode: 'always' | 'mute' | 'bypass';
  /** Values of widgets by input. */
  readonly values: JsonObject;
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly isLinked: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly isLinked: boolean }[];
  readonly isSelected: boolean;
}

/** The level that is shown of the workflow that is shown. Every change is a step that undo takes back. */
export interface Workflow1 {
  /** What its tab says. */
  readonly name: string;
  nodes(): readonly Node1[];
  node(id: string): Node1 | null;
  select(ids: readonly string[]): void;
  /** Change the value of a node's widget. */
  setValue(node: string, input: string, value: Json): void;
  setTitle(node: string, title: string | null): void;
  /** Add a node; in the middle of what is seen if no place is given. Throws if there is no such type. */
  add(
    type: string,
    given?: { readonly at?: readonly [number, number]; readonly values?: JsonObject },
  ): string;
  remove(ids: readonly string[]): void;
  /** Link an output to an input (or to a widget), by their names. Throws if there are none of these names. */
  connect(from: { node: string; output: string }, to: { node: string; input: string }): void;
  /** The whole document, as it is saved. */
  document(): JsonObject;
  /** Call a function after each change, also when another workflow is shown. */
  onChange(listener: () => void): Dispose;
}

// Runs

export interface Run1 {
  readonly job: string;
  readonly phase: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  /** The name of the workflow that runs. */
  readonly workflow: string;
  /** What nodes showed, by node. */
  readonly shown: { readonly [node: string]: JsonObject };
  /** What went wrong, by node. */
  readonly errors: { readonly [node: string]: readonly string[] };
  /** How long it took; null while it runs. */
  readonly seconds: number | null;
}
