/** The ground is moved. */

import type { Point } from '../../core/graph.ts';
import { NOTHING_SELECTED } from '../../core/editor.ts';
import { DRAG_PIXELS } from './pressing.ts';
import type { Pointer, Tool, ToolContext } from './tool.ts';

export class Panning implements Tool {
  readonly cursor = 'grabbing';
  #last: Point;
  #way = 0;

  constructor(
    private readonly context: ToolContext,
    private readonly start: Pointer,
  ) {
    this.#last = start.screen;
  }

  move({ screen }: Pointer): void {
    const [dx, dy] = [screen[0] - this.#last[0], screen[1] - this.#last[1]];
    this.#last = screen;
    this.#way += Math.hypot(dx, dy);
    this.context.view.panBy(dx, dy);
  }

  /** A click on the ground that moved nothing selects nothing. */
  up(): void {
    const { context, start } = this;
    context.rest();
    const isClick = this.#way < DRAG_PIXELS && start.button === 0;
    if (isClick && context.hit(start).kind === 'empty') context.editor.selection.set(NOTHING_SELECTED);
  }
}
