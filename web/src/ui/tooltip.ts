/**
 * Tooltips: one small box for the whole window, shown after a rest of the pointer or at keyboard focus.
 *
 *     <button {@attach tooltip(() => ({ text: 'Save', shortcut: 'Mod+S' }))}>
 */

import type { Attachment } from 'svelte/attachments';
import { shownShortcut } from './keys.ts';

export interface Tip {
  readonly text: string;
  readonly shortcut?: string | null;
}

const AFTER_MS = 500;
const AWAY_PX = 6;

/** Give an element a tooltip; it describes nothing that is not in the element's label too. */
export function tooltip(tip: () => Tip): Attachment<HTMLElement> {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let box: HTMLElement | null = null;
    const hide = (): void => {
      clearTimeout(timer);
      box?.remove();
      box = null;
    };
    const show = (): void => {
      hide();
      if (document.documentElement.dataset.tooltips !== 'off') box = placed(boxOf(tip()), element);
    };
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(show, AFTER_MS);
    };
    const onFocus = (): void => {
      if (element.matches(':focus-visible')) wait();
    };
    const ending = ['pointerleave', 'pointerdown', 'blur', 'keydown'] as const;
    element.addEventListener('pointerenter', wait);
    element.addEventListener('focus', onFocus);
    for (const name of ending) element.addEventListener(name, hide);
    return () => {
      hide();
      element.removeEventListener('pointerenter', wait);
      element.removeEventListener('focus', onFocus);
      for (const name of ending) element.removeEventListener(name, hide);
    };
  };
}

function boxOf({ text, shortcut }: Tip): HTMLElement {
  const box = document.createElement('div');
  box.className = 'weft-tooltip';
  box.setAttribute('aria-hidden', 'true');
  box.textContent = text;
  if (shortcut) {
    const keys = document.createElement('kbd');
    keys.textContent = shownShortcut(shortcut);
    box.append(keys);
  }
  return box;
}

/** Put the box below its element, or beside it in a column at the window's edge, inside the window. */
function placed(box: HTMLElement, element: HTMLElement): HTMLElement {
  document.body.append(box);
  const target = element.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const isRail = target.left < width / 2 && target.right < 64;
  const below =
    target.bottom + AWAY_PX + height < innerHeight ? target.bottom + AWAY_PX : target.top - AWAY_PX - height;
  const x = isRail ? target.right + AWAY_PX : target.left + (target.width - width) / 2;
  const y = isRail ? target.top + (target.height - height) / 2 : below;
  box.style.left = `${Math.round(Math.min(Math.max(4, x), innerWidth - width - 4))}px`;
  box.style.top = `${Math.round(Math.max(4, y))}px`;
  return box;
}
