/** Input: turns the browser's events on the canvas into what tools understand. */

import type { Point } from '../core/graph.ts';
import { Panning } from './tools/panning.ts';
import { Pinching } from './tools/pinching.ts';
import { spotOf, type Pointer, type ToolContext } from './tools/tool.ts';
import { turnWheel } from './wheel.ts';

/** What handles its own events: controls in the bodies of nodes. */
const OWN = 'input, textarea, select, button, a, [contenteditable], [data-widget]';
const LONG_PRESS_MS = 500;
const LONG_PRESS_PIXELS = 8;
const EDGE = 28; // pixels from the border at which the camera begins to move
const EDGE_SPEED = 14;

export class Input {
  readonly #touches = new Map<number, Point>();
  readonly #listeners = new AbortController();
  #isSpace = false;
  #captured: number | null = null;
  #last: Pointer | null = null;
  #longPress: ReturnType<typeof setTimeout> | undefined;
  #edge = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly context: ToolContext,
    private readonly onKey: (event: KeyboardEvent) => boolean,
  ) {
    const on = <K extends keyof HTMLElementEventMap>(
      kind: K,
      handle: (event: HTMLElementEventMap[K]) => void,
    ) => {
      root.addEventListener(kind, handle, { signal: this.#listeners.signal, passive: false });
    };
    on('pointerdown', (event) => this.#down(event));
    on('pointermove', (event) => this.#move(event));
    on('pointerup', (event) => this.#up(event));
    on('pointercancel', (event) => this.#cancel(event));
    on('wheel', (event) => turnWheel(event, this.context.view, this.#pointerOf(event).screen));
    on('dblclick', (event) => this.#doubleClick(event));
    on('contextmenu', (event) => this.#menu(event));
    on('keydown', (event) => this.#keyDown(event));
    on('keyup', (event) => this.#keyUp(event));
    on('blur', () => this.#setSpace(false));
    on('dragover', (event) => event.preventDefault());
    on('drop', (event) => this.#drop(event));
  }

  end(): void {
    this.#listeners.abort();
    clearTimeout(this.#longPress);
    cancelAnimationFrame(this.#edge);
  }

  #down(event: PointerEvent): void {
    const isPanning = event.button === 1 || this.#isSpace;
    if (!isPanning && isOwn(event)) return;
    if (event.button === 2) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    const pointer = this.#pointerOf(event);
    this.#last = pointer;
    if (event.pointerType === 'touch' && this.#touch(event, pointer)) return;
    this.#captured = event.pointerId;
    if (isPanning) this.context.go(new Panning(this.context, { ...pointer, button: 1 }));
    else this.context.tool.down?.(pointer);
    this.#followEdge();
  }

  /** A second finger pinches; the first one may stay and become a right click. True: tools do not hear of it. */
  #touch(event: PointerEvent, pointer: Pointer): boolean {
    this.#touches.set(event.pointerId, pointer.screen);
    clearTimeout(this.#longPress);
    const [a, b] = [...this.#touches.values()];
    if (a !== undefined && b !== undefined) {
      this.context.go(new Pinching(this.context, a, b));
      return true;
    }
    this.#longPress = setTimeout(() => {
      this.context.rest();
      this.context.events.onMenu?.(this.context.hit(pointer), spotOf(pointer));
    }, LONG_PRESS_MS);
    return false;
  }

  #move(event: PointerEvent): void {
    const pointer = this.#pointerOf(event);
    const touch = this.#touches.get(event.pointerId);
    if (touch !== undefined) this.#moveTouch(event, touch, pointer);
    if (this.context.tool instanceof Pinching) return;
    if (this.#captured !== null && event.pointerId !== this.#captured) return;
    if (this.#captured === null && isOwn(event)) return this.context.view.cursor.set('');
    this.#last = pointer;
    this.context.tool.move?.(pointer);
  }

  #moveTouch(event: PointerEvent, before: Point, { screen }: Pointer): void {
    if (Math.hypot(screen[0] - before[0], screen[1] - before[1]) > LONG_PRESS_PIXELS)
      clearTimeout(this.#longPress);
    const { tool } = this.context;
    if (!(tool instanceof Pinching)) return;
    this.#touches.set(event.pointerId, screen);
    const [a, b] = [...this.#touches.values()];
    if (a !== undefined && b !== undefined) tool.spread(a, b);
  }

  #up(event: PointerEvent): void {
    clearTimeout(this.#longPress);
    this.#touches.delete(event.pointerId);
    if (this.context.tool instanceof Pinching) this.context.rest();
    else if (event.pointerId === this.#captured) this.context.tool.up?.(this.#pointerOf(event));
    if (event.pointerId === this.#captured) this.#captured = null;
  }

  #cancel(event: PointerEvent): void {
    clearTimeout(this.#longPress);
    this.#touches.delete(event.pointerId);
    this.#captured = null;
    this.context.rest();
  }

  #doubleClick(event: MouseEvent): void {
    if (isOwn(event)) return;
    const pointer = this.#pointerOf(event);
    const target = this.context.hit(pointer);
    const { view, events, workflow, path } = this.context;
    if (target.kind === 'empty') return events.onPalette?.(spotOf(pointer));
    const node = target.kind === 'node' ? view.graph.nodes.get(target.node) : undefined;
    if (node !== undefined && workflow.subgraphs.has(node.type))
      return this.context.editor.go([...path, node.id]);
    if (!('part' in target) || target.part !== 'header') return;
    if (target.kind === 'node' && !view.isFar && node !== undefined) view.renaming.set(node.id);
    else events.onRename?.(target, spotOf(pointer));
  }

  #menu(event: MouseEvent): void {
    if (isText(event)) return; // the browser's own menu pastes and spells
    event.preventDefault();
    if (event.button !== 2 && this.#touches.size > 0) return; // the long press tells it
    const pointer = this.#pointerOf(event);
    this.context.rest();
    this.context.events.onMenu?.(this.context.hit(pointer), spotOf(pointer));
  }

  #keyDown(event: KeyboardEvent): void {
    if (isOwn(event)) {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      event.preventDefault();
      return this.root.focus({ preventScroll: true });
    }
    if (event.key === ' ' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      return this.#setSpace(true);
    }
    const isTaken = this.context.tool.key?.(event) === true || this.onKey(event);
    if (!isTaken) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyUp(event: KeyboardEvent): void {
    if (event.key === ' ') this.#setSpace(false);
  }

  #setSpace(isDown: boolean): void {
    if (isDown !== this.#isSpace) this.context.view.cursor.set(isDown ? 'grab' : '');
    this.#isSpace = isDown;
  }

  #drop(event: DragEvent): void {
    if (event.dataTransfer === null || event.defaultPrevented) return;
    event.preventDefault();
    const pointer = this.#pointerOf(event);
    this.context.events.onDrop?.(event.dataTransfer, this.context.hit(pointer), spotOf(pointer));
  }

  /** While a gesture is held near the border the camera follows it. */
  #followEdge(): void {
    cancelAnimationFrame(this.#edge);
    const step = () => {
      if (this.#captured === null || this.#last === null) return;
      this.#edge = requestAnimationFrame(step);
      if (this.context.tool.isEdgePanning !== true) return;
      const { view } = this.context;
      const dx = push(this.#last.screen[0], view.size[0]);
      const dy = push(this.#last.screen[1], view.size[1]);
      if (dx === 0 && dy === 0) return;
      view.panBy(dx, dy);
      this.#last = { ...this.#last, graph: view.screenToGraph(this.#last.screen) };
      this.context.tool.move?.(this.#last);
    };
    this.#edge = requestAnimationFrame(step);
  }

  #pointerOf(event: MouseEvent): Pointer {
    const { left, top } = this.root.getBoundingClientRect();
    const screen: Point = [event.clientX - left, event.clientY - top];
    return {
      screen,
      client: [event.clientX, event.clientY],
      graph: this.context.view.screenToGraph(screen),
      button: event.button,
      shift: event.shiftKey,
      alt: event.altKey,
      mod: event.ctrlKey || event.metaKey,
      isTouch: event instanceof PointerEvent && event.pointerType === 'touch',
    };
  }
}

function isOwn(event: Event): boolean {
  return event.target instanceof Element && event.target.closest(OWN) !== null;
}

function isText(event: Event): boolean {
  return (
    event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]') !== null
  );
}

/** Return how far the camera moves in a frame when the pointer is here. */
function push(at: number, size: number): number {
  if (at < EDGE) return EDGE_SPEED * Math.min(1, (EDGE - at) / EDGE);
  return at > size - EDGE ? -EDGE_SPEED * Math.min(1, (at - size + EDGE) / EDGE) : 0;
}
