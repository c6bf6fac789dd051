/** What scripts added to the menus of the canvas. */

import type { App } from '../app/context.ts';
import type { MenuItem } from '../app/dialogs.ts';
import type { Editor } from '../core/editor.ts';
import type { Point } from '../core/graph.ts';
import type { Target } from '../core/hit.ts';
import type { MenuItem1, MenuItemOf } from '../../types/weft-editor.d.ts';
import { nodeNow } from './nodes.ts';

type TargetOf<Where> =
  Extract<MenuItem1, { readonly where: Where }> extends MenuItemOf<string, infer T> ? T : never;

/** Return the added items of the menu of a target, below a line; none if there are none. */
export function addedItems(app: App, editor: Editor, target: Target, at: Point): readonly MenuItem[] {
  if (target.kind === 'empty') return lined(itemsFor(app, 'canvas', { at }));
  if (target.kind === 'node') return lined(nodeItems(app, editor, target.node));
  if (target.kind !== 'input' && target.kind !== 'output') return [];
  const slots = editor.graph.nodes.get(target.node)?.[target.kind === 'input' ? 'inputs' : 'outputs'];
  const name = slots?.[target.slot]?.name;
  const socket = name === undefined ? [] : socketItems(app, editor, target.node, target.kind, name);
  return lined([...socket, ...nodeItems(app, editor, target.node)]);
}

/** Return the added items of the menu of a widget, which stands in the place of a socket. */
export function addedWidgetItems(app: App, editor: Editor, node: string, name: string): readonly MenuItem[] {
  return lined(socketItems(app, editor, node, 'input', name));
}

function nodeItems(app: App, editor: Editor, id: string): MenuItem[] {
  const node = editor.graph.nodes.get(id);
  return node === undefined ? [] : itemsFor(app, 'node', { node: nodeNow(editor, node) });
}

function socketItems(
  app: App,
  editor: Editor,
  id: string,
  side: 'input' | 'output',
  name: string,
): MenuItem[] {
  const node = editor.graph.nodes.get(id);
  return node === undefined ? [] : itemsFor(app, 'socket', { node: nodeNow(editor, node), side, name });
}

function itemsFor<Where extends MenuItem1['where']>(
  { extensions, texts }: App,
  where: Where,
  target: TargetOf<Where>,
): MenuItem[] {
  const items = extensions.menuItems.value.filter((item) => item.where === where);
  return (items as unknown as readonly MenuItemOf<Where, TargetOf<Where>>[])
    .filter(({ isShown }) => isShown?.(target) ?? true)
    .map(({ title, isEnabled, run }) => ({
      label: texts.of(title),
      isEnabled: isEnabled?.(target) ?? true,
      run: () => run(target),
    }));
}

function lined(items: readonly MenuItem[]): readonly MenuItem[] {
  return items.length === 0 ? [] : ['separator', ...items];
}
