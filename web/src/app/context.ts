/**
 * App: everything that components and commands work with, given down from main.ts as a Svelte context.
 * Each part is a class of its own; nothing is global.
 */

import { getContext, setContext } from 'svelte';
import type { Commands } from '../core/commands.ts';
import type { Editor } from '../core/editor.ts';
import type { Specs } from '../core/specs.ts';
import type { Extensions } from '../extensions/extensions.ts';
import type { Store } from '../core/store.ts';
import type { Api } from '../net/api.ts';
import type { Runs } from '../net/runs.ts';
import type { LocalLog } from './local-log.ts';
import type { Packs } from './packs.ts';
import type { Settings } from './settings.ts';
import type { Tabs } from './tabs.ts';
import type { Texts } from './texts.ts';
import type { Dialogs } from './dialogs.ts';
import type { Documents } from './documents.ts';
import type { Shortcuts } from './shortcuts.ts';
import type { Versions } from './versions.ts';

export interface App {
  readonly api: Api;
  readonly specs: Store<Specs>;
  /** Open workflows; `tabs.current.value.editor` is the one that is shown. */
  readonly tabs: Tabs;
  /** What runs, ran and waits on the server. */
  readonly runs: Runs;
  readonly settings: Settings;
  readonly texts: Texts;
  readonly commands: Commands<App>;
  readonly shortcuts: Shortcuts<App>;
  /** Opens, saves and exports workflows. */
  readonly documents: Documents;
  /** What workflows were before. */
  readonly versions: Versions;
  /** Panels and dialogs that are open. */
  readonly dialogs: Dialogs;
  /** What scripts of node packs have added. */
  readonly extensions: Extensions;
  /** The server's node packs and how they are. */
  readonly packs: Packs;
  /** What happened in this window. */
  readonly log: LocalLog;
}

const KEY = Symbol('app');

export function provideApp(app: App): App {
  return setContext(KEY, app);
}

export function useApp(): App {
  return getContext<App>(KEY);
}

export function currentEditor(app: App): Editor {
  return app.tabs.current.value.editor;
}
