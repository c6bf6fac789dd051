/** A value that others can watch: the whole of the editor's state outside of components. */

export interface Readable<T> {
  readonly value: T;
  /** Call a function after each change; returns what ends that. */
  watch(listener: (value: T) => void): () => void;
}

export class Store<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  watch(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Put an item at the end of a list in a store; returns what takes it out again. */
export function addTo<T>(list: Store<readonly T[]>, item: T): () => void {
  list.update((all) => [...all, item]);
  return () => list.update((all) => all.filter((each) => each !== item));
}
