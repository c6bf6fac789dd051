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
  'Mod+Shift+V': 'edit.pasteLinked',
  'Mod+C': 'edit.copy',
  'Mod+X': 'edit.cut',
  'Mod+V': 'edit.paste',
};

/** Those that go on while their keys are held. */
const REPEATED = new Set(['edit.undo', 'edit.redo', 'view.zoomIn', 'view.zoomOut']);
const TAP_MS = 300;

/** Listen to the window's keys; returns what ends that. */
export function listenToKeys(app: App): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const shortcut = event.defaultPrevented || event.isComposing ? null : pressedShortcut(event);
    if (shortcut === null || shortcut === 'Space' || !isFree(shortcut, event.target)) return;
    const command = app.shortcuts.commandFor(shortcut);
    if (command === undefined || CLIPBOARD[shortcut] === command.id) return;
    event.preventDefault();
    if (event.repeat && !REPEATED.has(command.id)) return;
    if (command.isEnabled?.(app) ?? true) void command.run(app);
  };
  window.addEventListener('keydown', onKey);
  const endTaps = listenToTaps(app);
  return () => {
    window.removeEventListener('keydown', onKey);
    endTaps();
  };
}

/** Space is held to pan; pressed and let go at once it is a key like others. */
function listenToTaps(app: App): () => void {
  let pressedAt: number | null = null;
  const onDown = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey) pressedAt = null;
    else if (!event.repeat) pressedAt = isFree('Space', event.target) ? event.timeStamp : null;
  };
  const onUp = (event: KeyboardEvent): void => {
    const command = event.key === ' ' ? app.shortcuts.commandFor('Space') : undefined;
    const isTap = pressedAt !== null && event.timeStamp - pressedAt < TAP_MS;
    pressedAt = null;
    if (isTap && command !== undefined && (command.isEnabled?.(app) ?? true)) void command.run(app);
  };
  const cancel = (): void => void (pressedAt = null);
  window.addEventListener('keydown', onDown, { capture: true });
  window.addEventListener('keyup', onUp);
  window.addEventListener('pointerdown', cancel, { capture: true });
  return () => {
    window.removeEventListener('keydown', onDown, { capture: true });
    window.removeEventListener('keyup', onUp);
    window.removeEventListener('pointerdown', cancel, { capture: true });
  };
}

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
