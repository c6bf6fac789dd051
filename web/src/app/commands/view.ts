/** What the user sees: zoom, panels, theme, dialogs. */

import type { Command } from '../../core/commands.ts';
import { currentEditor, type App } from '../context.ts';
import { togglePanel } from '../panel-focus.ts';
import { RAIL } from '../rail.ts';
import type { Setting } from '../settings.ts';
import { THEME } from '../settings/appearance.ts';
import { FOCUS_MODE, GRID, LINK_SHAPE, MINIMAP, SNAP } from '../settings/canvas.ts';
import type { View } from '../tabs.ts';

const ZOOM_STEP = 1.2;
const PANEL_KEYS: { readonly [id: string]: string } = {
  queue: 'Q',
  nodes: 'N',
  models: 'M',
  workflows: 'W',
  gallery: 'G',
  outline: 'O',
};

function onView(act: (view: View, app: App) => void): Pick<Command<App>, 'run' | 'isEnabled'> {
  const viewOf = (app: App): View | null => app.tabs.current.value.view.value;
  return {
    isEnabled: (app) => viewOf(app) !== null,
    run: (app) => {
      const view = viewOf(app);
      if (view !== null) act(view, app);
    },
  };
}

function toggling(setting: Setting<boolean>): (app: App) => void {
  return (app) => app.settings.of(setting).update((is) => !is);
}

function dialog(load: Parameters<App['dialogs']['open']>[0]): (app: App) => void {
  return (app) => void app.dialogs.open(load);
}

function nextOf(values: readonly string[], value: string): string {
  return values[(values.indexOf(value) + 1) % values.length] as string;
}

const PANELS: readonly Command<App>[] = RAIL.map(({ id }) => ({
  id: `panel.${id}`,
  shortcut: PANEL_KEYS[id] ?? null,
  run: (app) => togglePanel(app, id),
}));

export const commands: readonly Command<App>[] = [
  {
    id: 'view.fit',
    shortcut: '.',
    ...onView((view) => view.fit()),
  },
  {
    id: 'view.fitSelection',
    shortcut: 'F',
    ...onView((view, app) => {
      const { nodes } = currentEditor(app).selection.value;
      view.fit(nodes.size > 0 ? nodes : undefined);
    }),
  },
  { id: 'view.zoomIn', shortcut: 'Alt+=', ...onView((view) => view.zoomBy(ZOOM_STEP)) },
  { id: 'view.zoomOut', shortcut: 'Alt+-', ...onView((view) => view.zoomBy(1 / ZOOM_STEP)) },
  { id: 'view.zoomActual', shortcut: 'Alt+0', ...onView((view) => view.zoomTo(1)) },
  {
    id: 'view.leaveSubgraph',
    shortcut: 'Escape',
    isEnabled: (app) => currentEditor(app).path.length > 0,
    run: (app) => currentEditor(app).go(currentEditor(app).path.slice(0, -1)),
  },
  { id: 'view.minimap', shortcut: 'Alt+M', run: toggling(MINIMAP) },
  { id: 'view.grid', shortcut: null, run: toggling(GRID) },
  { id: 'view.snap', shortcut: null, run: toggling(SNAP) },
  {
    id: 'view.linkShape',
    shortcut: null,
    run: ({ settings }) =>
      settings.of(LINK_SHAPE).update((shape) => nextOf(['curve', 'straight', 'square', 'hidden'], shape)),
  },
  { id: 'view.focusMode', shortcut: 'Alt+F', run: toggling(FOCUS_MODE) },
  {
    id: 'view.theme',
    shortcut: null,
    run: ({ settings }) =>
      settings.of(THEME).set(document.documentElement.dataset.theme === 'light' ? 'dark' : 'light'),
  },
  {
    id: 'view.commands',
    shortcut: 'Mod+K',
    run: ({ dialogs }) => dialogs.commandPalette.update((is) => !is),
  },
  { id: 'view.commandsToo', shortcut: 'F1', run: ({ dialogs }) => dialogs.commandPalette.set(true) },
  { id: 'view.settings', shortcut: 'Mod+,', run: dialog(() => import('../../panels/Settings.svelte')) },
  { id: 'view.shortcuts', shortcut: '?', run: dialog(() => import('../../panels/Shortcuts.svelte')) },
  { id: 'view.missing', shortcut: null, run: dialog(() => import('../../panels/Missing.svelte')) },
  { id: 'view.about', shortcut: null, run: dialog(() => import('../../panels/About.svelte')) },
  ...PANELS,
];
