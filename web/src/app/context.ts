/**
 * App: everything that components and commands work with, given down from main.ts as a Svelte context.
 * Each part is a class of its own; nothing is global.
 */

import { getContext, setContext } from 'svelte';
import type { Commands } from '../core/commands.ts';
import type { Editor } from '../core/editor.ts';
import type { Specs } from '../core/specs.ts';
import type { Store } from '../core/store.ts';
import type { Api } from '../net/api.ts';
import type { Runs } from '../net/runs.ts';
import type { Settings } from './settings.ts';
import type { Tabs } from './tabs.ts';
import type { Texts } from './texts.ts';
import type { Thumbnails } from './thumbnails.ts';
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
  /** Small pictures of the workflows on the server. */
  readonly thumbnails: Thumbnails;
  /** What workflows were before. */
  readonly versions: Versions;
  /** Panels and dialogs that are open. */
  readonly dialogs: Dialogs;
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
