/** The entries of menus for widgets and sockets: one turns into the other. */

import type { App } from '../../app/context.ts';
import type { MenuItem } from '../../app/dialogs.ts';
import { disconnectInput, disconnectOutput } from '../../core/edits/links.ts';
import { setWidget, socketToWidget, widgetToSocket } from '../../core/edits/widgets.ts';
import type { Editor } from '../../core/editor.ts';
import type { WidgetPlace } from '../../core/geometry.ts';
import type { GraphNode } from '../../core/graph.ts';
import { addedWidgetItems } from '../../extensions/menu-items.ts';

/** Return what can be done with a widget. */
export function widgetItems(app: App, editor: Editor, node: GraphNode, place: WidgetPlace): MenuItem[] {
  const { name, widget, slot } = place;
  const { path } = editor;
  const value = node.widgets[name];
  return [
    {
      label: app.texts.t('node.widget.reset'),
      icon: 'undo',
      isEnabled: value !== widget.default && widget.default !== null,
      run: () =>
        editor.do('node.edit.widget', (workflow) => setWidget(workflow, path, node.id, name, widget.default)),
    },
    {
      label: app.texts.t('node.widget.copy'),
      icon: 'copy',
      run: () =>
        navigator.clipboard.writeText(typeof value === 'string' ? value : JSON.stringify(value ?? null)),
    },
    'separator',
    ...(slot === null
      ? [toSocket(app, editor, node, name, place.input.type)]
      : slotItems(app, editor, node, { side: 'input', slot })),
    ...addedWidgetItems(app, editor, node.id, name),
  ];
}

/** Return what can be done with a socket. */
export function slotItems(
  app: App,
  editor: Editor,
  node: GraphNode,
  { side, slot }: { readonly side: 'input' | 'output'; readonly slot: number },
): MenuItem[] {
  const { path } = editor;
  const at = { node: node.id, slot };
  if (side === 'output') {
    const isLinked = (node.outputs[slot]?.links.length ?? 0) > 0;
    return [
      item(app, 'disconnect', isLinked, () =>
        editor.do('node.edit.disconnect', (w) => disconnectOutput(w, path, at)),
      ),
    ];
  }
  const input = node.inputs[slot];
  const { widget = null, link = null } = input ?? {};
  const disconnect = () => editor.do('node.edit.disconnect', (w) => disconnectInput(w, path, at));
  const toWidget = () =>
    editor.do('node.edit.toWidget', (w) => socketToWidget(w, path, node.id, widget ?? ''));
  return [
    item(app, 'disconnect', link !== null, disconnect),
    ...(widget === null ? [] : [item(app, 'toWidget', true, toWidget)]),
  ];
}

function toSocket(app: App, editor: Editor, node: GraphNode, name: string, type: string): MenuItem {
  const { path } = editor;
  return item(app, 'toSocket', true, () =>
    editor.do('node.edit.toSocket', (workflow) => widgetToSocket(workflow, path, node.id, name, type)),
  );
}

function item(app: App, key: string, isEnabled: boolean, run: () => void): MenuItem {
  return { label: app.texts.t(`node.slot.${key}`), isEnabled, run };
}
