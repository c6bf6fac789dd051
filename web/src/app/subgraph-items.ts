/** The part of a node's menu, inside a subgraph, that says which widgets the nodes of the subgraph show. */

import { shownWidgets } from '../core/geometry.ts';
import type { GraphNode } from '../core/graph.ts';
import { demoteWidget, promoteWidget, promotionOf } from '../core/subgraphs/promote.ts';
import { specOf } from '../core/subgraphs/spec.ts';
import { currentEditor, type App } from './context.ts';
import type { MenuItem } from './dialogs.ts';

/** Return the entry with a list of the node's widgets; nothing outside of subgraphs, or for nodes without widgets. */
export function subgraphItems(app: App, node: GraphNode): readonly MenuItem[] {
  const editor = currentEditor(app);
  const { path, workflow, graph } = editor;
  if (path.length === 0) return [];
  const items = shownWidgets(specOf(node, workflow, app.specs.value)).map(({ name, type }): MenuItem => {
    const isShown = promotionOf(graph, node.id, name) !== null;
    const isGiven = node.inputs.some(({ widget, link }) => widget === name && link !== null) && !isShown;
    return {
      label: name,
      isChecked: isShown,
      isEnabled: !isGiven, // a link gives its value
      run: () =>
        editor.do('edit.promote', (now) =>
          isShown ? demoteWidget(now, path, node.id, name) : promoteWidget(now, path, node.id, name, type),
        ),
    };
  });
  return items.length === 0 ? [] : [{ label: app.texts.t('edit.promote'), items }];
}
