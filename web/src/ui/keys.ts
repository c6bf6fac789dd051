/**
 * Shortcuts as texts: `Mod+Shift+G`. Mod is Ctrl, or Cmd on a Mac; then Ctrl, Alt, Shift in this order, then the key.
 *
 *     pressedShortcut(event) === 'Mod+Z'
 *     shownShortcut('Mod+Shift+G') // "Ctrl+Shift+G", "⌘⇧G" on a Mac
 */

const NAMES: { readonly [key: string]: string } = { ' ': 'Space', Esc: 'Escape', Del: 'Delete' };
const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph']);
const SHOWN: { readonly [key: string]: string } = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
};
const MAC: { readonly [key: string]: string } = { Mod: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧' };

type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

export function isMac(): boolean {
  return typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);
}

/** Return the shortcut that an event is; null while only modifiers are held. */
export function pressedShortcut(event: Pressed, onMac = isMac()): string | null {
  if (MODIFIERS.has(event.key)) return null;
  const key = keyOf(event);
  const parts = [
    (onMac ? event.metaKey : event.ctrlKey) && 'Mod',
    onMac && event.ctrlKey && 'Ctrl',
    event.altKey && 'Alt',
    event.shiftKey && (key.length > 1 || /[A-Z0-9]/.test(key)) && 'Shift', // `?` is Shift+/ already
    key,
  ];
  return parts.filter(Boolean).join('+');
}

/** Return a shortcut as users of this machine know it. */
export function shownShortcut(shortcut: string, onMac = isMac()): string {
  const parts = splitShortcut(shortcut).map((part) => SHOWN[part] ?? part);
  if (onMac) return parts.map((part) => MAC[part] ?? part).join('');
  return parts.map((part) => (part === 'Mod' ? 'Ctrl' : part)).join('+');
}

/** Return the parts of a shortcut; a `+` at the end is the key itself. */
export function splitShortcut(shortcut: string): readonly string[] {
  return shortcut.endsWith('+')
    ? [...shortcut.slice(0, -1).split('+').filter(Boolean), '+']
    : shortcut.split('+');
}

/** Letters and digits by what they write, or by where they are if Alt or another script makes them something else. */
function keyOf({ key, code, altKey }: Pressed): string {
  const isFar = altKey || (key.length === 1 && key > '\u007f');
  const byPlace = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code);
  if (isFar && byPlace !== null) return byPlace[1] ?? (byPlace[2] as string);
  const name = NAMES[key] ?? key;
  return name.length === 1 ? name.toUpperCase() : name;
}
