/** Nothing happens: a press decides by what lies below it which tool works next. */

import { addReroute } from '../../core/edits/reroutes.ts';
import { chainOf } from '../../core/scene.ts';
import type { Target } from '../../core/hit.ts';
import { Boxing } from './boxing.ts';
import { Linking } from './linking.ts';
import { Panning } from './panning.ts';
import { Pressing } from './pressing.ts';
import { Resizing } from './resizing.ts';
import type { Pointer, Tool, ToolContext } from './tool.ts';

const CURSORS: { readonly [kind in Target['kind']]: string } = {
  empty: '',
  node: '',
  input: 'crosshair',
  output: 'crosshair',
  link: 'pointer',
  middle: 'pointer',
  reroute: 'move',
  group: 'move',
};

export class Idle implements Tool {
  readonly cursor = '';

  constructor(private readonly context: ToolContext) {}

  down(pointer: Pointer): void {
    const target = this.context.hit(pointer);
    if (pointer.button === 1) this.context.go(new Panning(this.context, pointer));
    else if (pointer.button === 0) this.#press(pointer, target);
  }

  move(pointer: Pointer): void {
    const target = this.context.hit(pointer);
    const isCorner = 'part' in target && target.part === 'corner';
    this.context.view.cursor.set(isCorner ? 'nwse-resize' : CURSORS[target.kind]);
  }

  #press(pointer: Pointer, target: Target): void {
    const { context } = this;
    this.context.view.focus.set(null);
    if (target.kind === 'input' || target.kind === 'output') {
      context.go(Linking.from(context, target.kind, target, pointer));
    } else if (target.kind === 'empty') {
      this.#pressGround(pointer);
    } else if ((target.kind === 'link' || target.kind === 'middle') && pointer.alt) {
      this.#addReroute(target.link, pointer);
    } else if ((target.kind === 'node' || target.kind === 'group') && target.part === 'corner') {
      context.go(new Resizing(context, target, pointer));
    } else {
      context.go(new Pressing(context, target, pointer));
    }
  }

  #pressGround(pointer: Pointer): void {
    const { context } = this;
    const isSelecting = (context.view.options.value.drag === 'select') !== pointer.mod;
    if (pointer.isTouch || !isSelecting) context.go(new Panning(context, pointer));
    else context.go(new Boxing(context, pointer));
  }

  /** The new reroute is dragged on at once. */
  #addReroute(link: string, pointer: Pointer): void {
    const { context } = this;
    const before = new Set(context.view.graph.reroutes.keys());
    const next = rerouteAfter(context, link, pointer);
    context.editor.do('view.edit.reroute', (workflow) =>
      addReroute(workflow, context.path, link, pointer.graph, next),
    );
    const id = [...context.view.graph.reroutes.keys()].find((candidate) => !before.has(candidate));
    if (id !== undefined) context.go(new Pressing(context, { kind: 'reroute', reroute: id }, pointer));
  }
}

/** Return the reroute before which a link is nearest to the pointer; null for its last part. */
function rerouteAfter(context: ToolContext, link: string, { graph }: Pointer): string | null {
  const placed = context.view.scene.links.get(link);
  const chain = placed === undefined ? [] : chainOf(context.view.graph.reroutes, placed.link);
  const distances = chain.map(({ pos }) => Math.hypot(pos[0] - graph[0], pos[1] - graph[1]));
  const nearest = distances.indexOf(Math.min(...distances));
  const reroute = chain[nearest];
  if (reroute === undefined) return null;
  return graph[0] < reroute.pos[0] ? reroute.id : (chain[nearest + 1]?.id ?? null);
}
