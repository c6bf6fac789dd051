/** Starts commands by their keys, where a key is not typing and not what a button or list waits for. */

import { pressedShortcut } from '../ui/keys.ts';
import type { App } from './context.ts';

const TEXT_FIELDS = 'textarea, input, [contenteditable=""], [contenteditable="true"]';
const OWN_KEYS =
  'button, a, [role="menu"], [role="listbox"], [role="option"], [role="treeitem"], [role="slider"], [role="separator"], [role="tab"]';
/** What text fields do themselves. */
const TYPING = new Set(
  [
    'A',
    'C',
    'X',
    'V',
    'Z',
    'Y',
    'Shift+Z',
    'Shift+V',
    'Backspace',
    'Delete',
    'ArrowUp',
    'ArrowDown',
    'ArrowLeft',
    'ArrowRight',
    'Home',
    'End',
  ].map((key) => `Mod+${key}`),
);
const BUTTON_KEYS = /^(Shift\+)?(Enter|Space|Arrow\w+|Home|End|PageUp|PageDown|Tab)$/;
/** Browsers send copy, cut and paste events for these, which may use the clipboard without asking. */
const CLIPBOARD: { readonly [shortcut: string]: string } = {
  'Mod+C': 'edit.copy',
  'Mod+X': 'edit.cut',
  'Mod+V': 'edit.paste',
};

/** Listen to the window's keys; returns what ends that. */
export function listenToKeys(app: App): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const shortcut = event.defaultPrevented || event.isComposing ? null : pressedShortcut(event);
    if (shortcut === null || !isFree(shortcut, event.target)) return;
    const command = app.shortcuts.commandFor(shortcut);
    if (command === undefined || CLIPBOARD[shortcut] === command.id) return;
    event.preventDefault();
    if (event.repeat && !REPEATED.has(command.id)) return;
    if (command.isEnabled?.(app) ?? true) void command.run(app);
  };
  window.addEventListener('keydown', onKey);
  return () => window.removeEventListener('keydown', onKey);
}

const REPEATED = new Set(['edit.undo', 'edit.redo', 'view.zoomIn', 'view.zoomOut']);

/** Say whether keys may start a command while something has the focus. */
export function isFree(shortcut: string, target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return true;
  if (target.closest(TEXT_FIELDS) !== null)
    return /^(Mod\+|Alt\+Mod|F\d)/.test(shortcut) && !TYPING.has(shortcut);
  return target.closest(OWN_KEYS) === null || !BUTTON_KEYS.test(shortcut);
}

/** Say whether something that takes text has the focus. */
export function isTyping(): boolean {
  return document.activeElement?.closest(TEXT_FIELDS) !== null && document.activeElement !== null;
}
