/** The menus of the canvas: of the ground, of nodes, groups, links and reroutes. */

import { addReroute, removeReroutes } from '../core/edits/reroutes.ts';
import { fitGroup, removeGroups, setGroupColor } from '../core/edits/groups.ts';
import { removeLinks } from '../core/edits/links.ts';
import { setColors } from '../core/edits/flags.ts';
import { contentsOf } from '../core/edits/groups.ts';
import { shownWidgets } from '../core/geometry.ts';
import type { GraphNode, GroupId, LinkId, Point } from '../core/graph.ts';
import type { Target } from '../core/hit.ts';
import { addedItems } from '../extensions/menu-items.ts';
import { formOf, isSameInput, isSamePlace, toggleInput, toggleOutput } from './app-view.ts';
import { currentEditor, type App } from './context.ts';
import type { MenuItem } from './dialogs.ts';
import { editTitle } from './rename.ts';

interface Spot {
  readonly graph: Point;
  readonly client: Point;
}

const COMMAND = (command: string): MenuItem => ({ command });

/** Colours of heads and bodies, as ComfyUI's editor stores its own. */
const COLOURS: readonly { readonly name: string; readonly head: string; readonly body: string }[] = [
  { name: 'red', head: '#322', body: '#533' },
  { name: 'brown', head: '#332922', body: '#593930' },
  { name: 'green', head: '#232', body: '#353' },
  { name: 'blue', head: '#223', body: '#335' },
  { name: 'cyan', head: '#233', body: '#355' },
  { name: 'purple', head: '#323', body: '#535' },
  { name: 'yellow', head: '#432', body: '#653' },
  { name: 'black', head: '#222', body: '#000' },
];
const GROUP_COLOURS: { readonly [name: string]: string } = {
  red: '#A88',
  brown: '#b06634',
  green: '#8A8',
  blue: '#88A',
  cyan: '#8AA',
  purple: '#a1309b',
  yellow: '#b58b2a',
  black: '#444',
};

/** Return the menu of what is at a spot. What is not selected yet becomes so. */
export function canvasMenu(app: App, target: Target, spot: Spot): readonly MenuItem[] {
  return [...ownMenu(app, target, spot), ...addedItems(app, currentEditor(app), target, spot.graph)];
}

function ownMenu(app: App, target: Target, spot: Spot): readonly MenuItem[] {
  if (target.kind === 'node' || target.kind === 'input' || target.kind === 'output')
    return nodeMenu(app, target.node);
  if (target.kind === 'group') return groupMenu(app, target.group);
  if (target.kind === 'link' || target.kind === 'middle') return linkMenu(app, target.link, spot);
  if (target.kind === 'reroute') {
    const editor = currentEditor(app);
    const run = (): void =>
      editor.do('edit.removeReroute', (workflow) => removeReroutes(workflow, editor.path, [target.reroute]));
    return [{ label: app.texts.t('edit.removeReroute'), icon: 'trash', run }];
  }
  return groundMenu(app, spot);
}

function groundMenu(app: App, { graph: at, client: [x, y] }: Spot): readonly MenuItem[] {
  const { texts, dialogs } = app;
  return [
    {
      label: texts.t('command.edit.addNode'),
      icon: 'plus',
      shortcut: app.shortcuts.of('edit.addNode') ?? '',
      run: () => dialogs.openPalette({ screen: { x, y }, at }),
    },
    COMMAND('edit.paste'),
    COMMAND('edit.pasteLinked'),
    'separator',
    COMMAND('edit.selectAll'),
    COMMAND('edit.layout'),
    COMMAND('view.fit'),
    COMMAND('view.leaveSubgraph'),
  ];
}

function nodeMenu(app: App, id: string): readonly MenuItem[] {
  const { texts } = app;
  const editor = currentEditor(app);
  if (!editor.selection.value.nodes.has(id)) editor.select([id]);
  const node = editor.graph.nodes.get(id);
  if (node === undefined) return [];
  const isSubgraph = editor.workflow.subgraphs.has(node.type);
  const isMany = editor.selection.value.nodes.size > 1;
  return [
    ...(isSubgraph
      ? [{ label: texts.t('edit.enter'), icon: 'right' as const, run: () => editor.go([...editor.path, id]) }]
      : []),
    COMMAND('run.selected'),
    {
      label: texts.t('edit.rename'),
      icon: 'edit',
      isEnabled: !isMany,
      run: () => editTitle(app, { kind: 'node', node: id, part: 'header' }),
    },
    { label: texts.t('edit.colour'), items: colourItems(app) },
    'separator',
    ...['edit.copy', 'edit.cut', 'edit.duplicate', 'edit.delete', 'edit.deleteReconnect'].map(COMMAND),
    'separator',
    ...['edit.mute', 'edit.bypass', 'edit.pin', 'edit.collapse'].map(COMMAND),
    'separator',
    ...['edit.group', 'edit.subgraph'].map(COMMAND),
    ...(isSubgraph ? [COMMAND('edit.unpack')] : []),
    ...(isMany ? [{ label: texts.t('edit.arrange'), items: arrangeItems() }] : []),
    { label: texts.t('edit.order'), items: ['edit.front', 'edit.back'].map(COMMAND) },
    ...(isMany
      ? []
      : [{ label: texts.t('app.promote'), icon: 'app' as const, items: promoteItems(app, node) }]),
  ];
}

function arrangeItems(): readonly MenuItem[] {
  const aligning = ['left', 'center', 'right', 'top', 'middle', 'bottom'].map((to) =>
    COMMAND(`edit.align.${to}`),
  );
  return [
    ...aligning,
    'separator',
    COMMAND('edit.distribute.x'),
    COMMAND('edit.distribute.y'),
    'separator',
    COMMAND('edit.layout'),
  ];
}

function colourItems(app: App): readonly MenuItem[] {
  const editor = currentEditor(app);
  const ids = editor.selection.value.nodes;
  const paint = (head: string | null, body: string | null) => (): void =>
    editor.do('edit.colour', (workflow) => setColors(workflow, editor.path, ids, head, body));
  return [
    { label: app.texts.t('edit.noColour'), run: paint(null, null) },
    'separator',
    ...COLOURS.map(({ name, head, body }) => ({
      label: app.texts.t(`colour.${name}`),
      run: paint(head, body),
    })),
  ];
}

/** Widgets of the node that may be in the app view, and its results. */
function promoteItems(app: App, node: GraphNode): readonly MenuItem[] {
  const editor = currentEditor(app);
  const { path, workflow } = editor;
  const form = formOf(workflow);
  const place = { path, node: node.id };
  const widgets = shownWidgets(app.specs.value.get(node.type)).map(({ name: widget }): MenuItem => {
    const input = { ...place, widget };
    return {
      label: widget,
      isChecked: form.inputs.some((each) => isSameInput(each, input)),
      run: () => editor.do('app.promote', (now) => toggleInput(now, input)),
    };
  });
  const results: MenuItem = {
    label: app.texts.t('app.results'),
    isChecked: form.outputs.some((each) => isSamePlace(each, place)),
    run: () => editor.do('app.promote', (now) => toggleOutput(now, place)),
  };
  return [...widgets, 'separator', results];
}

function groupMenu(app: App, id: GroupId): readonly MenuItem[] {
  const { texts } = app;
  const editor = currentEditor(app);
  const { path } = editor;
  const group = editor.graph.groups.get(id);
  if (group === undefined) return [];
  const paint = (color: string | null) => (): void =>
    editor.do('edit.colour', (workflow) => setGroupColor(workflow, path, id, color));
  const select = (): void => {
    const { nodes, groups, reroutes } = contentsOf(editor.graph, group);
    editor.select(nodes, [...groups, id], reroutes);
  };
  const colours = Object.entries(GROUP_COLOURS).map(([name, color]) => ({
    label: texts.t(`colour.${name}`),
    run: paint(color),
  }));
  return [
    {
      label: texts.t('edit.rename'),
      icon: 'edit',
      run: () => editTitle(app, { kind: 'group', group: id, part: 'header' }),
    },
    { label: texts.t('edit.selectInside'), run: select },
    {
      label: texts.t('edit.fitGroup'),
      run: () => editor.do('edit.fitGroup', (workflow) => fitGroup(workflow, path, id)),
    },
    {
      label: texts.t('edit.colour'),
      items: [{ label: texts.t('edit.noColour'), run: paint(null) }, 'separator', ...colours],
    },
    'separator',
    {
      label: texts.t('edit.ungroup'),
      icon: 'trash',
      run: () => editor.do('edit.ungroup', (workflow) => removeGroups(workflow, path, [id])),
    },
  ];
}

function linkMenu(app: App, link: LinkId, { graph: at, client: [x, y] }: Spot): readonly MenuItem[] {
  const editor = currentEditor(app);
  const { path } = editor;
  const found = editor.graph.links.get(link);
  const loose = found && { side: 'output' as const, ends: [found.from], type: found.type, replaces: null };
  return [
    {
      label: app.texts.t('edit.insertNode'),
      icon: 'plus',
      run: () => app.dialogs.openPalette({ screen: { x, y }, at, ...(loose && { link: loose }), on: link }),
    },
    {
      label: app.texts.t('edit.addReroute'),
      run: () => editor.do('edit.addReroute', (workflow) => addReroute(workflow, path, link, at)),
    },
    'separator',
    {
      label: app.texts.t('edit.removeLink'),
      icon: 'trash',
      run: () => editor.do('edit.removeLink', (workflow) => removeLinks(workflow, path, [link])),
    },
  ];
}
