/**
 * Tools: what the pointer and the keys do now. One of them has the canvas at a time; it hands over by `go`. A tool is
 * a small class with the state of one gesture, so that nothing of a gesture is left when it ends.
 *
 *     idle ─ press on a node ─> pressing ─ move ─> dragging ─ release ─> idle
 */

import type { Editor } from '../../core/editor.ts';
import type { Path, Point, Workflow } from '../../core/graph.ts';
import type { Target } from '../../core/hit.ts';
import type { CanvasEvents, Spot } from '../options.ts';
import { NO_OVERLAY, type Overlay } from '../overlay.ts';
import type { View } from '../view.ts';

export interface Pointer {
  /** Relative to the canvas, in pixels. */
  readonly screen: Point;
  readonly client: Point;
  readonly graph: Point;
  readonly button: number;
  readonly shift: boolean;
  readonly alt: boolean;
  /** Ctrl, or Cmd on a Mac. */
  readonly mod: boolean;
  readonly isTouch: boolean;
}

export interface Tool {
  readonly cursor: string;
  /** Whether reaching the border of the canvas while it works moves the camera. */
  readonly isEdgePanning?: boolean;
  down?(pointer: Pointer): void;
  move?(pointer: Pointer): void;
  up?(pointer: Pointer): void;
  /** A key; true if the tool took it. */
  key?(event: KeyboardEvent): boolean;
  /** It ends, done or not: take away what it shows. */
  stop?(): void;
}

export class ToolContext {
  #tool: Tool;

  constructor(
    readonly view: View,
    readonly events: CanvasEvents,
    private readonly first: (context: ToolContext) => Tool,
  ) {
    this.#tool = first(this);
  }

  get tool(): Tool {
    return this.#tool;
  }

  get editor(): Editor {
    return this.view.editor;
  }

  get workflow(): Workflow {
    return this.editor.workflow;
  }

  get path(): Path {
    return this.editor.path;
  }

  go(tool: Tool): void {
    this.#tool.stop?.();
    this.#tool = tool;
    this.view.cursor.set(tool.cursor);
  }

  /** Back to the first tool: a gesture is over or given up. */
  rest(): void {
    this.go(this.first(this));
  }

  show(overlay: Partial<Overlay>): void {
    this.view.overlay.set({ ...NO_OVERLAY, ...overlay });
  }

  clear(): void {
    this.view.overlay.set(NO_OVERLAY);
    this.view.preview(null);
  }

  hit(pointer: Pointer): Target {
    return this.view.hit(pointer.graph, pointer.isTouch);
  }
}

export function spotOf({ graph, client }: Pointer): Spot {
  return { graph, client };
}

/** Return the way from one place of the pointer to another, in the graph. */
export function wayBetween(from: Pointer, to: Pointer): Point {
  return [to.graph[0] - from.graph[0], to.graph[1] - from.graph[1]];
}
