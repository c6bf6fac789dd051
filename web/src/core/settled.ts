/**
 * A store that follows another one when it rests: for texts that tell what changes every frame, since writing them
 * every frame costs the page more than the change itself.
 *
 *     const settled = new Settled(editor.camera);
 */

import type { Readable } from './store.ts';

const REST_MS = 120;

export class Settled<T> implements Readable<T> {
  #value: T;

  constructor(private readonly source: Readable<T>) {
    this.#value = source.value;
  }

  get value(): T {
    return this.#value;
  }

  watch(listener: (value: T) => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (): void => {
      if (this.#value === this.source.value) return;
      this.#value = this.source.value;
      listener(this.#value);
    };
    const end = this.source.watch(() => {
      clearTimeout(timer);
      timer = setTimeout(settle, REST_MS);
    });
    settle();
    return () => {
      clearTimeout(timer);
      end();
    };
  }
}
