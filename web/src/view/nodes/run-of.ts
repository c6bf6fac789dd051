/** What the runs of an editor's tab say of one node. */

import type { App } from '../../app/context.ts';
import type { Editor } from '../../core/editor.ts';
import type { NodeId } from '../../core/graph.ts';
import { NOTHING_SEEN, type NodeView } from '../../core/run-view.ts';
import { Store, type Readable } from '../../core/store.ts';

const NOTHING: Readable<NodeView> = new Store(NOTHING_SEEN);

/** Return the store of what is to be seen at a node of the level that an editor shows. */
export function runOf(app: App, editor: Editor, node: NodeId): Readable<NodeView> {
  const tab = app.tabs.all.value.find((each) => each.editor === editor);
  return tab === undefined ? NOTHING : app.runs.node(tab.id, editor.path, node);
}
