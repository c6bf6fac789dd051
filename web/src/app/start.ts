/** Makes the parts of the app, joins them and starts them. */

import { Commands, type Command } from '../core/commands.ts';
import type { JsonObject } from '../core/graph.ts';
import type { Specs } from '../core/specs.ts';
import { Store } from '../core/store.ts';
import { Api } from '../net/api.ts';
import { Runs } from '../net/runs.ts';
import { applyAppearance } from './appearance.ts';
import { Extensions } from '../extensions/extensions.ts';
import { startExtensions } from '../extensions/start.ts';
import { startRunning } from '../running/start.ts';
import type { App } from './context.ts';
import { openDatabase } from './database.ts';
import { preloadPanels } from './rail.ts';
import { Dialogs } from './dialogs.ts';
import { Documents, messageOf } from './documents.ts';
import { Drafts } from './drafts.ts';
import { listenToKeys } from './keyboard.ts';
import { LocalLog } from './local-log.ts';
import { Packs } from './packs.ts';
import { Settings } from './settings.ts';
import { Shortcuts } from './shortcuts.ts';
import { loadSpecs } from './specs.ts';
import { Tabs } from './tabs.ts';
import { Texts } from './texts.ts';
import { Versions } from './versions.ts';

/** Files of commands, found by their folder: each exports `commands`. */
const COMMANDS = import.meta.glob<{ readonly commands: readonly Command<App>[] }>('./commands/*.ts', {
  eager: true,
});

/** Make an app that talks to a server. Nothing is asked of it yet. */
export function makeApp(base: string): App {
  const api = new Api(base);
  const texts = new Texts();
  const specs = new Store<Specs>(new Map());
  const keeper = {
    load: () => api.settings(),
    save: async (values: JsonObject) => void (await api.saveSettings(values)),
  };
  const settings = new Settings(keeper, localStorage);
  const tabs = new Tabs(specs, (number) => texts.t('tabs.unnamed', { number }));
  const commands = new Commands<App>();
  for (const part of Object.values(COMMANDS)) commands.add(...part.commands);
  const shortcuts = new Shortcuts(commands, settings);
  const versions = new Versions(once(openDatabase));
  const documents: Documents = new Documents(() => app);
  const runs = new Runs(api, { isOutput: (type) => specs.value.get(type)?.isOutput === true });
  const app: App = {
    api,
    specs,
    tabs,
    runs,
    settings,
    texts,
    commands,
    shortcuts,
    documents,
    versions,
    dialogs: new Dialogs(),
    extensions: new Extensions(specs),
    packs: new Packs(api),
    log: new LocalLog(),
  };
  return app;
}

const PRELOAD_AFTER_MS = 1500; // when the window has settled

/** Load what the window needs, bring back what was open, and listen to keys. */
export async function start(app: App): Promise<void> {
  listenToKeys(app);
  const [settings, specs] = await Promise.allSettled([app.settings.load(), loadSpecs(app)]);
  for (const result of [settings, specs]) {
    if (result.status === 'rejected') app.dialogs.tell(messageOf(result.reason), 'error');
  }
  const drafts = new Drafts(app, once(openDatabase));
  const unsaved = await drafts.recover();
  if (unsaved > 0) app.dialogs.tell(app.texts.t('file.recovered', { count: unsaved }));
  drafts.watch();
  startRunning(app);
  startExtensions(app);
  setTimeout(() => void preloadPanels(), PRELOAD_AFTER_MS);
}

export { applyAppearance };

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
