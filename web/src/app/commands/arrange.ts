/** Where nodes are: layout, alignment, subgraphs. */

import { arrange } from '../../core/arrange.ts';
import type { Command } from '../../core/commands.ts';
import { align, distribute, type Alignment, type Axis } from '../../core/edits/align.ts';
import { applyLayout, layoutRequest } from '../../core/layout.ts';
import { makeSubgraph } from '../../core/subgraphs/make.ts';
import { unpackSubgraph } from '../../core/subgraphs/unpack.ts';
import { currentEditor, type App } from '../context.ts';
import { messageOf } from '../documents.ts';
import { randomId } from '../tabs.ts';
import { addAndSelect } from '../adding.ts';

const ALIGNMENTS: readonly Alignment[] = ['left', 'center', 'right', 'top', 'middle', 'bottom'];
const AXES: readonly Axis[] = ['x', 'y'];

const selected = (app: App): ReadonlySet<string> => currentEditor(app).selection.value.nodes;

const ALIGNING = ALIGNMENTS.map((to): Command<App> => ({
  id: `edit.align.${to}`,
  shortcut: null,
  isEnabled: (app) => selected(app).size > 1,
  run: (app) => {
    const editor = currentEditor(app);
    editor.do('edit.arranged', (workflow) => align(workflow, editor.path, selected(app), to));
  },
}));

const DISTRIBUTING = AXES.map((axis): Command<App> => ({
  id: `edit.distribute.${axis}`,
  shortcut: null,
  isEnabled: (app) => selected(app).size > 2,
  run: (app) => {
    const editor = currentEditor(app);
    editor.do('edit.arranged', (workflow) => distribute(workflow, editor.path, selected(app), axis));
  },
}));

export const commands: readonly Command<App>[] = [
  {
    id: 'edit.layout',
    shortcut: 'Alt+L',
    isEnabled: (app) => currentEditor(app).graph.nodes.size > 0,
    run: layOut,
  },
  ...ALIGNING,
  ...DISTRIBUTING,
  {
    id: 'edit.subgraph',
    shortcut: 'Mod+Shift+E',
    isEnabled: (app) => selected(app).size > 0,
    run: (app) => {
      const editor = currentEditor(app);
      const [items, name] = [editor.selection.value, app.texts.t('edit.newSubgraph')];
      addAndSelect(editor, 'command.edit.subgraph', (workflow) =>
        makeSubgraph(workflow, editor.path, items, name, newSubgraphId()),
      );
    },
  },
  {
    id: 'edit.unpack',
    shortcut: 'Mod+Shift+U',
    isEnabled: (app) => chosenSubgraph(app) !== null,
    run: (app) => {
      const editor = currentEditor(app);
      const id = chosenSubgraph(app);
      if (id !== null)
        addAndSelect(editor, 'command.edit.unpack', (workflow) => unpackSubgraph(workflow, editor.path, id));
    },
  },
];

/** Arrange the selected nodes, or all. What is edited meanwhile wins. */
async function layOut(app: App): Promise<void> {
  const editor = currentEditor(app);
  const { workflow, path } = editor;
  const ids = selected(app).size > 1 ? selected(app) : null;
  try {
    const places = await arrange(layoutRequest(workflow, path, ids));
    if (editor.workflow !== workflow) return;
    editor.do('command.edit.layout', (now) => applyLayout(now, path, places));
    app.tabs.current.value.view.value?.fit(ids ?? undefined);
  } catch (error) {
    app.dialogs.tell(messageOf(error), 'error');
  }
}

function chosenSubgraph(app: App): string | null {
  const [id, ...more] = selected(app);
  const { graph, workflow } = currentEditor(app);
  const type = id === undefined || more.length > 0 ? undefined : graph.nodes.get(id)?.type;
  return id !== undefined && type !== undefined && workflow.subgraphs.has(type) ? id : null;
}

/** Subgraphs have UUIDs in files. */
function newSubgraphId(): string {
  return randomId()
    .padEnd(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
