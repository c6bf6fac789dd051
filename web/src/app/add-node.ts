/** Adds nodes where the user asked for them, selected and linked. */

import { addNewNode } from '../core/edits/nodes.ts';
import { addedItems } from '../core/edits/piece.ts';
import { connect, insertOnLink } from '../core/edits/links.ts';
import { shownWidgets } from '../core/geometry.ts';
import { connectWidget } from '../core/edits/widgets.ts';
import { graphAt, type NodeId, type Path, type Point, type Workflow } from '../core/graph.ts';
import type { NodeSpec } from '../core/specs.ts';
import { fits } from '../core/types.ts';
import { currentEditor, type App } from './context.ts';
import type { LooseLink, PaletteRequest } from './dialogs.ts';
import { remember } from './recent.ts';

/** What a new node is joined to: a link that hangs loose, or a link that it is put into. */
export type Joining = Pick<PaletteRequest, 'link' | 'on'>;

/** Add a node at a place and select it; null if the type is unknown. */
export function addNodeAt(app: App, type: string, at: Point, { link, on }: Joining = {}): NodeId | null {
  const editor = currentEditor(app);
  const spec = specOf(app, type);
  if (spec === undefined) return null;
  const before = editor.workflow;
  editor.do('edit.addNode', (workflow) => {
    const added = addNewNode(workflow, editor.path, spec, at);
    const id = newestOf(workflow, added, editor.path);
    if (id === null) return added;
    if (on !== undefined) return insertOnLink(added, editor.path, on, id);
    return link === undefined ? added : linked(added, editor.path, id, spec, link);
  });
  const id = newestOf(before, editor.workflow, editor.path);
  if (id !== null) editor.select([id]);
  remember(app, type);
  return id;
}

/** Add a node in the middle of what is seen, a little beside one that is there already. */
export function addNodeInMiddle(app: App, type: string): NodeId | null {
  return addNodeAt(app, type, freePlace(app));
}

/** Return the middle of the canvas in the graph, moved off nodes that begin right there. */
export function freePlace(app: App): Point {
  const { editor, view } = app.tabs.current.value;
  const size = view.value?.size ?? [800, 600];
  let [x, y] = view.value?.screenToGraph([size[0] / 2, size[1] / 2]) ?? [0, 0];
  const places = [...editor.graph.nodes.values()].map(({ pos }) => pos);
  while (places.some((pos) => Math.hypot(pos[0] - x, pos[1] - y) < 20)) [x, y] = [x + 30, y + 30];
  return [Math.round(x), Math.round(y)];
}

function specOf(app: App, type: string): NodeSpec | undefined {
  return app.specs.value.get(type);
}

function newestOf(before: Workflow, after: Workflow, path: Path): NodeId | null {
  return [...addedItems(before, after, path).nodes][0] ?? null;
}

/** Connect a loose link to the first socket of a new node that its type fits; a widget becomes a socket for it. */
function linked(workflow: Workflow, path: Path, id: NodeId, spec: NodeSpec, link: LooseLink): Workflow {
  const node = graphAt(workflow, path).nodes.get(id);
  const [end] = link.ends;
  if (node === undefined || end === undefined) return workflow;
  if (link.side === 'input') {
    const slot = node.outputs.findIndex(({ type }) => fits(type, link.type));
    if (slot < 0) return workflow;
    return link.ends.reduce((result, to) => connect(result, path, { node: id, slot }, to), workflow);
  }
  const slot = node.inputs.findIndex(({ type, widget }) => widget === null && fits(link.type, type));
  if (slot >= 0) return connect(workflow, path, end, { node: id, slot });
  const input = shownWidgets(spec).find(({ type }) => fits(link.type, type));
  return input === undefined ? workflow : connectWidget(workflow, path, end, id, input.name, input.type);
}
