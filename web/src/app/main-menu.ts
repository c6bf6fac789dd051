/** The menu at the corner: every command that is not about what is selected. */

import type { App } from './context.ts';
import type { MenuItem } from './dialogs.ts';
import { FOCUS_MODE, GRID, MINIMAP, SNAP } from './settings/canvas.ts';
import type { Setting } from './settings.ts';

export function mainMenu(app: App): readonly MenuItem[] {
  const { texts } = app;
  const menu = (key: string, items: readonly MenuItem[]): MenuItem => ({
    label: texts.t(`menu.${key}`),
    items,
  });
  const command = (id: string): MenuItem => ({ command: id });
  const checked = (id: string, setting: Setting<boolean>): MenuItem => ({
    label: texts.t(`command.${id}`),
    isChecked: app.settings.of(setting).value,
    ...shortcutOf(app, id),
    run: () => app.commands.get(id)?.run(app),
  });
  return [
    ...['file.new', 'file.open', 'file.openLocal', 'file.save', 'file.saveAs', 'file.duplicate'].map(command),
    menu('export', ['file.exportJson', 'file.exportApi', 'file.exportPng', 'file.exportSvg'].map(command)),
    command('file.versions'),
    'separator',
    menu('edit', [
      ...['edit.undo', 'edit.redo'].map(command),
      'separator',
      ...['edit.cut', 'edit.copy', 'edit.paste', 'edit.duplicate', 'edit.selectAll'].map(command),
      'separator',
      ...['edit.find', 'edit.layout'].map(command),
    ]),
    menu('view', [
      ...['view.fit', 'view.zoomIn', 'view.zoomOut', 'view.zoomActual'].map(command),
      'separator',
      checked('view.minimap', MINIMAP),
      checked('view.grid', GRID),
      checked('view.snap', SNAP),
      command('view.linkShape'),
      'separator',
      command('view.theme'),
      checked('view.focusMode', FOCUS_MODE),
    ]),
    menu(
      'panels',
      app.commands
        .all()
        .filter(({ id }) => id.startsWith('panel.'))
        .map(({ id }) => command(id)),
    ),
    'separator',
    command('view.commands'),
    command('view.missing'),
    command('view.shortcuts'),
    command('view.settings'),
    command('view.about'),
  ];
}

function shortcutOf(app: App, id: string): { shortcut: string } | object {
  const shortcut = app.shortcuts.of(id);
  return shortcut === null ? {} : { shortcut };
}
