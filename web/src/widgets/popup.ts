/**
 * Boxes that float over everything, below what opened them. They are popovers: not moved or scaled with the canvas, and
 * a press beside them or Escape closes them, and the focus goes back. An attachment.
 */

import type { Attachment } from 'svelte/attachments';

const EDGE_PIXELS = 6;
const AWAY_PIXELS = 3;

export interface PopupOptions {
  readonly anchor: () => HTMLElement | undefined;
  readonly onclose: () => void;
}

export function popup({ anchor, onclose }: PopupOptions): Attachment<HTMLElement> {
  return (box) => {
    const listeners = new AbortController();
    const { signal } = listeners;
    box.popover = 'auto';
    box.showPopover();
    placeBelow(box, anchor());
    box.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true });
    const hold = (event: Event): void => event.stopPropagation(); // the canvas below hears nothing of it
    for (const name of ['wheel', 'contextmenu', 'dblclick']) box.addEventListener(name, hold, { signal });
    box.addEventListener('toggle', (event) => (event as ToggleEvent).newState === 'closed' && onclose(), {
      signal,
    });
    box.addEventListener('keydown', (event) => event.key === 'Escape' && escape(event, onclose), { signal });
    return () => {
      listeners.abort();
      const { activeElement } = document;
      const hadFocus = activeElement === document.body || box.contains(activeElement);
      if (box.matches(':popover-open')) box.hidePopover();
      if (hadFocus) anchor()?.focus({ preventScroll: true });
    };
  };
}

/** Close at Escape; the canvas would take the key for its own. */
function escape(event: KeyboardEvent, onclose: () => void): void {
  event.preventDefault();
  event.stopPropagation();
  onclose();
}

/** Put a box below an element, above it where there is more room. */
export function placeBelow(box: HTMLElement, anchor: HTMLElement | undefined): void {
  if (anchor === undefined) return;
  const target = anchor.getBoundingClientRect();
  box.style.minWidth = `${Math.round(Math.min(target.width, innerWidth - 2 * EDGE_PIXELS))}px`;
  const below = innerHeight - target.bottom - EDGE_PIXELS - AWAY_PIXELS;
  const above = target.top - EDGE_PIXELS - AWAY_PIXELS;
  const isBelow = below >= Math.min(box.offsetHeight, 240) || below >= above;
  box.style.maxHeight = `${Math.max(120, Math.round(isBelow ? below : above))}px`;
  const { offsetWidth: width, offsetHeight: height } = box;
  const y = isBelow ? target.bottom + AWAY_PIXELS : target.top - AWAY_PIXELS - height;
  box.style.left = `${Math.round(Math.max(EDGE_PIXELS, Math.min(target.left, innerWidth - width - EDGE_PIXELS)))}px`;
  box.style.top = `${Math.round(Math.max(EDGE_PIXELS, y))}px`;
}
