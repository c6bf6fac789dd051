/**
 * Stores inside components: reading `.value` of what `live` gives makes an effect, a `$derived` or a template run
 * again when the store changes. It watches only while something reads it, so that nothing has to be ended by hand.
 *
 *     const present = live(editor.history.present);
 *     const tab = live(app.tabs.current);
 *     const selection = live(() => tab.value.editor.selection); // another store when another tab is shown
 */

import { createSubscriber } from 'svelte/reactivity';
import type { Readable } from '../core/store.ts';

export interface Live<T> {
  readonly value: T;
}

/** Give the value of a store, or of the store that a function names now, to Svelte's reactivity. */
export function live<T>(source: Readable<T> | (() => Readable<T>)): Live<T> {
  let known: Readable<T> | null = null;
  let subscribe = (): void => {};
  return {
    get value() {
      const store = typeof source === 'function' ? source() : source;
      if (store !== known) {
        known = store;
        subscribe = createSubscriber((update) => store.watch(update));
      }
      subscribe();
      return store.value;
    },
  };
}
