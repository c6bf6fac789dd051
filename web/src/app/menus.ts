/** Makes the entries of menus from items: commands bring their titles, shortcuts and states. */

import type { MenuEntries, MenuEntry } from '../ui/menu.ts';
import type { App } from './context.ts';
import type { MenuItem } from './dialogs.ts';

/** Return what a menu shows; lines at its ends and doubled ones are left out. */
export function entriesOf(app: App, items: readonly MenuItem[]): MenuEntries {
  const entries = items.map((item) => (item === 'separator' ? null : entryOf(app, item)));
  return entries.filter(
    (entry, at) => entry !== null || (at > 0 && at < entries.length - 1 && entries[at - 1] !== null),
  );
}

function entryOf(app: App, item: Exclude<MenuItem, 'separator'>): MenuEntry {
  if ('command' in item) return commandEntry(app, item.command);
  const { items, isEnabled = true, ...rest } = item;
  return { ...rest, isEnabled, entries: items === undefined ? undefined : entriesOf(app, items) };
}

function commandEntry(app: App, id: string): MenuEntry {
  const command = app.commands.get(id);
  return {
    label: app.texts.t(`command.${id}`),
    shortcut: app.shortcuts.of(id),
    isEnabled: command !== undefined && (command.isEnabled?.(app) ?? true),
    run: () => command?.run(app),
  };
}
