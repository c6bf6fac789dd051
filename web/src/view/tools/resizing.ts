/** A corner of a node or of a group is moved. */

import { resizeGroup } from '../../core/edits/groups.ts';
import { resizeNode } from '../../core/edits/size.ts';
import { GROUP_HEADER, leastHeight, MIN_WIDTH } from '../../core/geometry.ts';
import type { Size, Workflow } from '../../core/graph.ts';
import { snapped } from '../../core/guides.ts';
import type { Target } from '../../core/hit.ts';
import { GRID } from './dragging.ts';
import { select } from './pressing.ts';
import { wayBetween, type Pointer, type Tool, type ToolContext } from './tool.ts';

export class Resizing implements Tool {
  readonly cursor = 'nwse-resize';
  #size: Size | null = null;

  constructor(
    private readonly context: ToolContext,
    private readonly target: Target & { readonly kind: 'node' | 'group' },
    private readonly start: Pointer,
  ) {}

  move(pointer: Pointer): void {
    const from = this.#before();
    if (from === null) return;
    const [dx, dy] = wayBetween(this.start, pointer);
    const isSnapping = this.context.view.options.value.isSnapping !== pointer.shift;
    const wanted = [from.size[0] + dx, from.size[1] + dy] as const;
    const [width, height] = isSnapping ? snapped(wanted, GRID) : wanted;
    this.#size = [Math.max(width, from.least[0]), Math.max(height, from.least[1])];
    this.context.view.preview(this.#resized(this.context.workflow));
  }

  up(): void {
    const { context } = this;
    if (this.#size === null) select(context, this.target, false);
    else context.editor.do('view.edit.resize', (workflow) => this.#resized(workflow));
    context.rest();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== 'Escape') return false;
    this.context.rest();
    return true;
  }

  stop(): void {
    this.context.clear();
  }

  /** Return the size at the start (of the decided workflow) and the least one. */
  #before(): { size: Size; least: Size } | null {
    const { target, context } = this;
    if (target.kind === 'group') {
      const bounds = context.editor.graph.groups.get(target.group)?.bounds;
      return bounds === undefined
        ? null
        : { size: [bounds.width, bounds.height], least: [80, GROUP_HEADER * 2] };
    }
    const node = context.editor.graph.nodes.get(target.node);
    const placed = context.view.scene.nodes.get(target.node);
    if (node === undefined || placed === undefined) return null;
    const least = leastHeight(node, placed.spec, placed.extra);
    return {
      size: [Math.max(node.size[0], MIN_WIDTH), Math.max(node.size[1], least)],
      least: [MIN_WIDTH, least],
    };
  }

  #resized(workflow: Workflow): Workflow {
    const { target, context } = this;
    const size = this.#size;
    if (size === null) return workflow;
    if (target.kind === 'node') return resizeNode(workflow, context.path, target.node, size);
    const bounds = context.editor.graph.groups.get(target.group)?.bounds;
    if (bounds === undefined) return workflow;
    const resized = { ...bounds, width: size[0], height: size[1] };
    return resizeGroup(workflow, context.path, target.group, resized);
  }
}
