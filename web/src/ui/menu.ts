/** Menus as they are shown: what MenuList.svelte draws. app/menus.ts makes entries from commands. */

import type { IconName } from './icons.ts';

export interface MenuEntry {
  readonly label: string;
  readonly icon?: IconName | undefined;
  readonly shortcut?: string | null | undefined;
  readonly isEnabled: boolean;
  readonly isChecked?: boolean | undefined;
  readonly isDanger?: boolean | undefined;
  readonly run?: (() => void | Promise<void>) | undefined;
  readonly entries?: readonly (MenuEntry | null)[] | undefined;
}

/** Entries; null is a line between them. */
export type MenuEntries = readonly (MenuEntry | null)[];

/** Return the next entry that can be chosen, from an index in a direction; the same if there is none. */
export function nextEntry(entries: MenuEntries, from: number, by: 1 | -1): number {
  for (let step = 1; step <= entries.length; step += 1) {
    const at = (from + by * step + entries.length * 2) % entries.length;
    if (entries[at] !== null) return at;
  }
  return from;
}

/** Return the next entry whose label begins with a letter. */
export function entryByLetter(entries: MenuEntries, from: number, letter: string): number {
  for (let step = 1; step <= entries.length; step += 1) {
    const at = (from + step) % entries.length;
    if (entries[at]?.label.toLowerCase().startsWith(letter.toLowerCase())) return at;
  }
  return from;
}
