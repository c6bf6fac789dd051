/** The wheel turns a number only where the keyboard is; elsewhere it moves the canvas. An attachment. */

import type { Attachment } from 'svelte/attachments';

export function turnNumber(canTurn: () => boolean, step: (by: number) => void): Attachment<HTMLElement> {
  return (element) => {
    const turn = (event: WheelEvent): void => {
      if (document.activeElement !== element || event.ctrlKey || !canTurn()) return;
      event.preventDefault();
      event.stopPropagation();
      step(event.deltaY < 0 ? 1 : -1);
    };
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  };
}
