/** A box is drawn over the ground: what it touches is selected; with Shift added, with Alt taken away. */

import type { Rect } from '../../core/graph.ts';
import type { Selection } from '../../core/editor.ts';
import type { Pointer, Tool, ToolContext } from './tool.ts';

export class Boxing implements Tool {
  readonly cursor = 'crosshair';
  readonly isEdgePanning = true;
  readonly #before: Selection;

  constructor(
    private readonly context: ToolContext,
    private readonly start: Pointer,
  ) {
    this.#before = context.editor.selection.value;
  }

  move(pointer: Pointer): void {
    const box = rectBetween(this.start.graph, pointer.graph);
    this.context.show({ box });
    this.#select(box, pointer);
  }

  up(pointer: Pointer): void {
    this.#select(rectBetween(this.start.graph, pointer.graph), pointer);
    this.context.rest();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== 'Escape') return false;
    this.context.editor.selection.set(this.#before);
    this.context.rest();
    return true;
  }

  stop(): void {
    this.context.clear();
  }

  #select(box: Rect, { shift, alt }: Pointer): void {
    const { scene, graph, editor } = this.context.view;
    const join = (before: ReadonlySet<string>, found: readonly string[]) => {
      if (alt) return [...before].filter((id) => !found.includes(id));
      return shift ? [...before, ...found] : found;
    };
    const nodes = scene.nodesIn(box).filter((id) => graph.nodes.has(id));
    const groups = scene.groupsIn(box).filter((id) => isInside(graph.groups.get(id)!.bounds, box));
    const reroutes = scene.reroutesIn(box).map(({ id }) => id);
    const { nodes: n, groups: g, reroutes: r } = this.#before;
    editor.select(join(n, nodes), join(g, groups), join(r, reroutes));
  }
}

function rectBetween(a: readonly [number, number], b: readonly [number, number]): Rect {
  const [x, y] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  return { x, y, width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]) };
}

/** Groups are large: only those that lie in the box wholly are meant. */
function isInside(inner: Rect, outer: Rect): boolean {
  const isAcross = inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width;
  return isAcross && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}
