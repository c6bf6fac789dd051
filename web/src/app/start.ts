/** Makes the parts of the app and joins them. */

import { Commands, type Command } from '../core/commands.ts';
import type { Specs } from '../core/specs.ts';
import { Store } from '../core/store.ts';
import { Api } from '../net/api.ts';
import { Runs } from '../net/runs.ts';
import type { App } from './context.ts';
import { Dialogs } from './dialogs.ts';
import { Settings } from './settings.ts';
import { Tabs } from './tabs.ts';
import { Texts } from './texts.ts';

/** Files of commands, found by their folder: each exports `commands`. */
const COMMANDS = import.meta.glob<{ readonly commands: readonly Command<App>[] }>('./commands/*.ts', {
  eager: true,
});

/** Make an app that talks to a server. Nothing is asked of it yet. */
export function makeApp(base: string): App {
  const api = new Api(base);
  const texts = new Texts();
  const specs = new Store<Specs>(new Map());
  const settings = new Settings(
    { load: () => api.settings(), save: (values) => api.saveSettings(values) },
    localStorage,
  );
  const tabs = new Tabs(specs, (number) => texts.t('tabs.unnamed', { number }));
  const commands = new Commands<App>();
  for (const part of Object.values(COMMANDS)) commands.add(...part.commands);
  return { api, texts, specs, settings, tabs, runs: new Runs(api), commands, dialogs: new Dialogs() };
}
