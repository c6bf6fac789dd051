/** A part of a store as a store of its own: it tells only of changes of that part. */

import type { Readable } from './store.ts';

export function derived<S, T>(
  source: Readable<S>,
  select: (value: S) => T,
  isSame: (one: T, other: T) => boolean = Object.is,
): Readable<T> {
  let seen = source.value;
  let part = select(seen);
  const now = (): T => {
    if (source.value !== seen) {
      seen = source.value;
      const next = select(seen);
      if (!isSame(part, next)) part = next;
    }
    return part;
  };
  return {
    get value() {
      return now();
    },
    watch(listener) {
      let told = now();
      return source.watch(() => {
        const next = now();
        if (next === told) return;
        told = next;
        listener(next);
      });
    },
  };
}
