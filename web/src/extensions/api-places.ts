/** Where users find what scripts do: commands with their keys, panels with their buttons, items of menus. */

import type { App } from '../app/context.ts';
import { togglePanel } from '../app/panel-focus.ts';
import { RAIL, type RailPanel } from '../app/rail.ts';
import type { Command } from '../core/commands.ts';
import { addTo } from '../core/store.ts';
import { ICONS, type AnyIcon, type IconName } from '../ui/icons.ts';
import type { Command1, Label, MenuItem1, Panel1 } from '../../types/weft-editor.d.ts';
import type { Keeper } from './keeper.ts';

const ID = /^[\w-]+$/;

export function addCommand(app: App, keeper: Keeper, command: Command1): () => void {
  const id = `packs.${keeper.pack}.${checked(command.id)}`;
  const { shortcut = null, isEnabled, run, title } = command;
  const isOn = isEnabled && keeper.guarded(`the command ${command.id}`, isEnabled);
  return keeper.owns(
    registered(app, title, {
      id,
      shortcut,
      ...(isOn === undefined ? {} : { isEnabled: () => isOn() === true }),
      run: keeper.guarded(`the command ${command.id}`, () => run()),
    }),
  );
}

/** Add a command with its title; returns what takes both away. */
function registered(app: App, title: Label, command: Command<App>): () => void {
  app.commands.add(command);
  const end = app.texts.add(`command.${command.id}`, title);
  return () => {
    app.commands.remove(command.id);
    end();
  };
}

export function addPanel(app: App, keeper: Keeper, { id, title, icon, mount }: Panel1): () => void {
  const full = `${keeper.pack}.${checked(id)}`;
  const panel: RailPanel = {
    id: full,
    icon: iconOf(icon),
    load: () => import('./Filled.svelte'),
    props: { fill: keeper.guarded(`the panel ${id}`, mount) },
  };
  const command = { id: `panel.${full}`, shortcut: null, run: () => togglePanel(app, full) };
  const ends = [
    registered(app, title, command),
    app.texts.add(`panel.${full}`, title),
    addTo(app.extensions.panels, panel),
  ];
  return keeper.owns(() => ends.forEach((end) => end()));
}

function iconOf(icon: string | undefined): AnyIcon {
  if (icon === undefined) return 'packs';
  return icon in ICONS ? (icon as IconName) : { path: icon };
}

/** Return an item whose functions may throw. One that cannot tell whether it is to be shown is not. */
export function guardedItem<Item extends MenuItem1>(keeper: Keeper, item: Item): Item {
  const asked = (ask: ((target: never) => boolean) | undefined, usual: boolean) => (target: never) =>
    ask === undefined ? usual : keeper.run('an item of a menu', () => ask(target)) === true;
  const run = item.run as (target: never) => void | Promise<void>;
  return {
    ...item,
    isShown: asked(item.isShown, true),
    isEnabled: asked(item.isEnabled, true),
    run: (target: never) => void keeper.run('an item of a menu', () => run(target)),
  };
}

export function runCommand(app: App, pack: string, id: string): void {
  const command = app.commands.get(`packs.${pack}.${id}`) ?? app.commands.get(id);
  if (command === undefined) throw new Error(`There is no command ${id}.`);
  if (command.isEnabled?.(app) ?? true) void command.run(app);
}

export function showPanel(app: App, pack: string, id: string | null): void {
  const known = [...RAIL, ...app.extensions.panels.value].map((panel) => panel.id);
  const found = id === null ? null : [`${pack}.${id}`, id].find((each) => known.includes(each));
  if (found === undefined) throw new Error(`There is no panel ${id}.`);
  app.dialogs.panel.set(found);
}

function checked(id: string): string {
  if (!ID.test(id)) throw new Error(`The id "${id}" is to be of letters, digits, "-" and "_".`);
  return id;
}
