/** Changes of what is selected, and of the whole graph. */

import type { Command } from '../../core/commands.ts';
import type { Editor, Selection } from '../../core/editor.ts';
import { setCollapsed, setPinned, toggleMode } from '../../core/edits/flags.ts';
import { addGroupAround, contentsOf } from '../../core/edits/groups.ts';
import { bringToFront, removeItems, sendToBack } from '../../core/edits/nodes.ts';
import { duplicate } from '../../core/edits/piece.ts';
import type { GraphNode, NodeId, Path, Workflow } from '../../core/graph.ts';
import { addAndSelect } from '../adding.ts';
import { copySelection, cutSelection, pasteClipboard } from '../clipboard.ts';
import { currentEditor, type App } from '../context.ts';
import { freePlace } from '../add-node.ts';
import { goToPanel } from '../panel-focus.ts';

const COPY_BY = [40, 40] as const;

type Change = (
  workflow: Workflow,
  path: Path,
  ids: ReadonlySet<NodeId>,
  nodes: readonly GraphNode[],
  app: App,
) => Workflow;

function isAnything({ nodes, groups, reroutes }: Selection): boolean {
  return nodes.size + groups.size + reroutes.size > 0;
}

/** What is selected, and the nodes that lie in selected groups. */
function withGroups({ selection, graph }: Editor): ReadonlySet<NodeId> {
  const groups = [...selection.value.groups].flatMap((id) => graph.groups.get(id) ?? []);
  const inside = groups.flatMap((group) => [...contentsOf(graph, group).nodes]);
  return new Set([...selection.value.nodes, ...inside]);
}

/** A command that changes the selected nodes, and those in selected groups. */
function onNodes(id: string, shortcut: string | null, change: Change): Command<App> {
  return {
    id,
    shortcut,
    isEnabled: (app) => withGroups(currentEditor(app)).size > 0,
    run: (app) => {
      const editor = currentEditor(app);
      const ids = withGroups(editor);
      const nodes = [...ids].flatMap((each) => editor.graph.nodes.get(each) ?? []);
      editor.do(`command.${id}`, (workflow) => change(workflow, editor.path, ids, nodes, app));
    },
  };
}

/** A command that changes whatever is selected. */
function onItems(id: string, shortcut: string | null, run: (editor: Editor, app: App) => void): Command<App> {
  return {
    id,
    shortcut,
    isEnabled: (app) => isAnything(currentEditor(app).selection.value),
    run: (app) => run(currentEditor(app), app),
  };
}

function copies(editor: Editor, keepsInputs: boolean): void {
  const items = editor.selection.value;
  addAndSelect(editor, 'command.edit.duplicate', (workflow) =>
    duplicate(workflow, editor.path, items, COPY_BY, keepsInputs),
  );
}

export const commands: readonly Command<App>[] = [
  {
    id: 'edit.undo',
    shortcut: 'Mod+Z',
    isEnabled: (app) => currentEditor(app).history.canUndo,
    run: (app) => void currentEditor(app).history.undo(),
  },
  {
    id: 'edit.redo',
    shortcut: 'Mod+Y',
    isEnabled: (app) => currentEditor(app).history.canRedo,
    run: (app) => void currentEditor(app).history.redo(),
  },
  {
    id: 'edit.redoToo',
    shortcut: 'Mod+Shift+Z',
    isEnabled: (app) => currentEditor(app).history.canRedo,
    run: (app) => void currentEditor(app).history.redo(),
  },
  onItems('edit.cut', 'Mod+X', (_, app) => void cutSelection(app)),
  onItems('edit.copy', 'Mod+C', (_, app) => void copySelection(app)),
  { id: 'edit.paste', shortcut: 'Mod+V', run: (app) => pasteClipboard(app, false) },
  { id: 'edit.pasteLinked', shortcut: 'Mod+Shift+V', run: (app) => pasteClipboard(app, true) },
  onItems('edit.duplicate', 'Mod+D', (editor) => copies(editor, false)),
  onItems('edit.duplicateLinked', 'Mod+Shift+D', (editor) => copies(editor, true)),
  {
    id: 'edit.selectAll',
    shortcut: 'Mod+A',
    run: (app) => {
      const { graph } = currentEditor(app);
      currentEditor(app).select(graph.nodes.keys(), graph.groups.keys(), graph.reroutes.keys());
    },
  },
  onItems('edit.delete', 'Delete', (editor) => remove(editor, false)),
  onItems('edit.deleteToo', 'Backspace', (editor) => remove(editor, false)),
  onItems('edit.deleteReconnect', 'Mod+Delete', (editor) => remove(editor, true)),
  onNodes('edit.mute', 'Mod+M', (workflow, path, ids) => toggleMode(workflow, path, ids, 'mute')),
  onNodes('edit.bypass', 'Mod+B', (workflow, path, ids) => toggleMode(workflow, path, ids, 'bypass')),
  onNodes('edit.pin', 'P', (workflow, path, ids, nodes) =>
    setPinned(workflow, path, ids, !nodes.every(({ isPinned }) => isPinned)),
  ),
  onNodes('edit.collapse', 'Alt+C', (workflow, path, ids, nodes) =>
    setCollapsed(workflow, path, ids, !nodes.every(({ isCollapsed }) => isCollapsed)),
  ),
  onNodes('edit.group', 'Mod+G', (workflow, path, ids, _, { texts }) =>
    addGroupAround(workflow, path, texts.t('edit.newGroup'), ids),
  ),
  onNodes('edit.front', null, (workflow, path, ids) => bringToFront(workflow, path, ids)),
  onNodes('edit.back', null, (workflow, path, ids) => sendToBack(workflow, path, ids)),
  {
    id: 'edit.addNode',
    shortcut: 'Space',
    run: (app) => app.dialogs.openPalette({ screen: null, at: freePlace(app) }),
  },
  {
    id: 'edit.find',
    shortcut: 'Mod+F',
    run: (app) => goToPanel(app, 'outline', 'search'),
  },
];

function remove(editor: Editor, reconnects: boolean): void {
  const items = editor.selection.value;
  editor.do('command.edit.delete', (workflow) => removeItems(workflow, editor.path, items, reconnects));
  editor.select([]);
}
