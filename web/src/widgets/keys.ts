/**
 * Keys of widgets. The canvas listens to keys around its nodes and hears them before handlers of components do, so
 * that widgets listen at their own elements.
 *
 *     <div {@attach keys({ Enter: () => edit(), ArrowUp: () => step(1) })}>
 */

import { on } from 'svelte/events';
import type { Attachment } from 'svelte/attachments';

/** What keys do; a handler that returns false leaves the key to others. */
export type Keys = { readonly [key: string]: (event: KeyboardEvent) => void | boolean };

/** Let keys do something; `Mod+` before a name is Ctrl or Cmd. Modifiers beside Shift are not heard otherwise. */
export function keys(table: Keys): Attachment<HTMLElement> {
  return (element) =>
    on(element, 'keydown', (event) => {
      if (event.altKey || event.isComposing) return;
      const isMod = event.ctrlKey || event.metaKey;
      const act = table[isMod ? `Mod+${event.key}` : event.key];
      if (act === undefined || act(event) === false) return;
      event.preventDefault();
      event.stopPropagation();
    });
}
