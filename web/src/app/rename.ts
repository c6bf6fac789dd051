/** Asks for another title of a node or group. */

import type { Target } from '../core/hit.ts';
import { setTitle } from '../core/edits/flags.ts';
import { setGroupTitle } from '../core/edits/groups.ts';
import { currentEditor, type App } from './context.ts';

export async function editTitle(app: App, target: Target): Promise<void> {
  const editor = currentEditor(app);
  const { graph, path } = editor;
  const { texts, dialogs } = app;
  const ask = (value: string): Promise<string | null> =>
    dialogs.ask({ title: texts.t('edit.rename'), label: texts.t('edit.title'), value });
  if (target.kind === 'node') {
    const node = graph.nodes.get(target.node);
    const title = node && (await ask(node.title ?? app.specs.value.get(node.type)?.title ?? node.type));
    if (title) editor.do('edit.rename', (workflow) => setTitle(workflow, path, target.node, title));
  } else if (target.kind === 'group') {
    const title = await ask(graph.groups.get(target.group)?.title ?? '');
    if (title) editor.do('edit.rename', (workflow) => setGroupTitle(workflow, path, target.group, title));
  }
}
