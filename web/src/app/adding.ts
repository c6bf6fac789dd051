/** Edits that add: what they added is selected. */

import type { Editor } from '../core/editor.ts';
import { addedItems } from '../core/edits/piece.ts';
import type { Workflow } from '../core/graph.ts';

export function addAndSelect(editor: Editor, name: string, change: (workflow: Workflow) => Workflow): void {
  const before = editor.workflow;
  editor.do(name, change);
  const { nodes, groups, reroutes } = addedItems(before, editor.workflow, editor.path);
  if (nodes.size + groups.size + reroutes.size > 0) editor.select(nodes, groups, reroutes);
}
