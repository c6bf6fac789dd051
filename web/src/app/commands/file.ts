/** Workflows as files: new, open, save, export, tabs. */

import type { Command } from '../../core/commands.ts';
import type { App } from '../context.ts';
import { openLocal } from '../download.ts';
import { exportApi, exportPng, exportSvg } from '../exports.ts';

export const commands: readonly Command<App>[] = [
  { id: 'file.new', shortcut: 'Alt+N', run: ({ tabs }) => void tabs.openNew() },
  {
    id: 'file.open',
    shortcut: 'Mod+O',
    run: ({ dialogs }) => void dialogs.open(() => import('../../panels/OpenWorkflow.svelte')),
  },
  { id: 'file.openLocal', shortcut: null, run: ({ documents }) => openLocal(documents) },
  {
    id: 'file.save',
    shortcut: 'Mod+S',
    run: async ({ documents, tabs }) => void (await documents.save(tabs.current.value)),
  },
  {
    id: 'file.saveAs',
    shortcut: 'Mod+Shift+S',
    run: async ({ documents, tabs }) => void (await documents.saveAs(tabs.current.value)),
  },
  {
    id: 'file.duplicate',
    shortcut: null,
    run: ({ tabs, texts }) => {
      const { editor, name } = tabs.current.value;
      tabs.open({
        name: texts.t('tabs.copyOf', { name: name.value }),
        workflow: editor.workflow,
        path: editor.path,
      });
    },
  },
  {
    id: 'file.rename',
    shortcut: 'F2',
    isEnabled: ({ tabs }) => tabs.current.value.editor.file.value !== null,
    run: renameCurrent,
  },
  {
    id: 'file.close',
    shortcut: 'Alt+W',
    run: async ({ documents, tabs }) => void (await documents.close(tabs.current.value)),
  },
  { id: 'file.next', shortcut: 'Alt+PageDown', run: ({ tabs }) => tabs.step(1) },
  { id: 'file.previous', shortcut: 'Alt+PageUp', run: ({ tabs }) => tabs.step(-1) },
  {
    id: 'file.versions',
    shortcut: null,
    run: (app) =>
      void app.dialogs.open(() => import('../../panels/Versions.svelte'), { tab: app.tabs.current.value }),
  },
  {
    id: 'file.exportJson',
    shortcut: null,
    run: ({ documents, tabs }) => documents.exportJson(tabs.current.value),
  },
  { id: 'file.exportApi', shortcut: null, run: exportApi },
  { id: 'file.exportPng', shortcut: null, run: exportPng },
  { id: 'file.exportSvg', shortcut: null, run: exportSvg },
];

async function renameCurrent({ documents, tabs, dialogs, texts }: App): Promise<void> {
  const file = tabs.current.value.editor.file.value;
  if (file === null) return;
  const value = file.replace(/\.json$/, '');
  const name = await dialogs.ask({
    title: texts.t('command.file.rename'),
    label: texts.t('common.name'),
    value,
  });
  if (name !== null && name !== value) await documents.rename(file, `${name}.json`);
}
