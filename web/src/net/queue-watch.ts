/** QueueWatch: what runs and waits on the server, asked for again whenever it may have changed, and never twice at once. */

import { Store, type Readable } from '../core/store.ts';
import type { Api, Job, QueueView } from './api.ts';

export interface Queue {
  readonly isPaused: boolean;
  readonly running: Job | null;
  /** The next one first. */
  readonly pending: readonly Job[];
  /** False until the server has told once. */
  readonly isKnown: boolean;
}

const UNKNOWN: Queue = { isPaused: false, running: null, pending: [], isKnown: false };

export class QueueWatch {
  readonly #store = new Store<Queue>(UNKNOWN);
  #asking: Promise<void> | null = null;
  #isDue = false;

  constructor(private readonly api: Pick<Api, 'queue'>) {}

  get store(): Readable<Queue> {
    return this.#store;
  }

  get ids(): ReadonlySet<string> {
    const { running, pending } = this.#store.value;
    return new Set([...(running === null ? [] : [running]), ...pending].map((job) => job.id));
  }

  /** Ask the server; resolves when what it says is newer than this call. An unreachable server leaves all as it is. */
  async refresh(): Promise<void> {
    if (this.#asking !== null) {
      this.#isDue = true;
      return this.#asking;
    }
    this.#asking = this.#ask();
    try {
      await this.#asking;
    } finally {
      this.#asking = null;
    }
  }

  take(view: QueueView): void {
    this.#store.set({ isPaused: view.paused, running: view.running, pending: view.pending, isKnown: true });
  }

  async #ask(): Promise<void> {
    do {
      this.#isDue = false;
      const view = await this.api.queue().catch(() => null); // the socket's state tells that the server is away
      if (view !== null) this.take(view);
    } while (this.#isDue);
  }
}
