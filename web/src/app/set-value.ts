/** Changing the value of a widget as users do. */

import type { Editor } from '../core/editor.ts';
import { setWidget } from '../core/edits/widgets.ts';
import type { Json, NodeId } from '../core/graph.ts';

/** Set a value of a node of the level that is shown; changes of one that follow each other quickly are one step to undo. */
export function setValue(editor: Editor, node: NodeId, key: string, value: Json): void {
  const { path } = editor;
  const step = `widget:${[...path, node].join(':')}:${key}`;
  editor.do('node.edit.widget', (workflow) => setWidget(workflow, path, node, key, value), step);
}
