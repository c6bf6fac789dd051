/**
 * Dragging a value sideways. The pointer is locked only when it comes to the window's edge, as browsers show a notice
 * for a locked one. An attachment.
 */

import { on } from 'svelte/events';
import type { Attachment } from 'svelte/attachments';

export interface NumberDrag {
  /** Whether it may begin now. */
  readonly canBegin: () => boolean;
  readonly begin: (event: PointerEvent) => void;
  /** The way since the beginning in pixels, counted with the keys: Shift a tenth, Ctrl ten times. */
  readonly move: (pixels: number, event: PointerEvent) => void;
  /** isDone: false if it was given up (Escape). */
  readonly end: (isDone: boolean) => void;
  /** It was pressed and let go in one place. */
  readonly click: () => void;
}

const BEGIN_PIXELS = 3;
const EDGE_PIXELS = 6;

export function dragNumber(drag: NumberDrag): Attachment<HTMLElement> {
  return (element) => on(element, 'pointerdown', (event) => press(element, event, drag));
}

function press(element: HTMLElement, down: PointerEvent, drag: NumberDrag): void {
  if (down.button !== 0 || !drag.canBegin()) return;
  let [last, way, isDragging] = [down.clientX, 0, false];
  const listeners = new AbortController();
  const listen = { signal: listeners.signal, capture: true };
  element.setPointerCapture(down.pointerId);

  const finish = (isDone: boolean, isClick: boolean): void => {
    listeners.abort();
    if (document.pointerLockElement === element) document.exitPointerLock();
    if (isDragging) drag.end(isDone);
    else if (isClick) drag.click();
  };
  const move = (event: PointerEvent): void => {
    const isLocked = document.pointerLockElement === element;
    const by = isLocked ? event.movementX : event.clientX - last;
    last = event.clientX;
    if (!isDragging) {
      way += by;
      if (Math.abs(way) < BEGIN_PIXELS) return;
      [isDragging, way] = [true, 0];
      drag.begin(down);
    }
    way += by * paceOf(event);
    if (!isLocked && isAtEdge(event)) lock(element);
    drag.move(way, event);
  };
  element.addEventListener('pointermove', move, listen);
  element.addEventListener('pointerup', () => finish(true, true), listen);
  element.addEventListener('pointercancel', () => finish(false, false), listen);
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      finish(false, false);
    },
    listen,
  );
}

function paceOf(event: PointerEvent): number {
  if (event.shiftKey) return 0.1;
  return event.ctrlKey || event.metaKey ? 10 : 1;
}

function isAtEdge({ clientX }: PointerEvent): boolean {
  return clientX < EDGE_PIXELS || clientX > innerWidth - EDGE_PIXELS;
}

function lock(element: HTMLElement): void {
  const locked: unknown = element.requestPointerLock?.();
  if (locked instanceof Promise) locked.catch(() => {}); // without it the drag ends at the edge
}
