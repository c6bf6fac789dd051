/**
 * QueueWatch: what runs and waits on the server, asked for again whenever it may have changed, and never twice at once.
 * The server tells when there are more or fewer jobs. That one of another window begins it does not tell: while jobs
 * wait and none runs (the worker starts) it is asked now and then.
 */

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

const AGAIN_MS = 1500;
const UNKNOWN: Queue = { isPaused: false, running: null, pending: [], isKnown: false };

export class QueueWatch {
  readonly #store = new Store<Queue>(UNKNOWN);
  #asking: Promise<void> | null = null;
  #isDue = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

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
    clearTimeout(this.#timer);
    const isAboutToRun = view.running === null && view.pending.length > 0 && !view.paused;
    if (isAboutToRun) this.#timer = setTimeout(() => void this.refresh(), AGAIN_MS);
  }

  /** A job runs: ask, if that is news. */
  expect(job: string): void {
    const isNews = this.#store.value.running?.id !== job;
    if (isNews && this.#asking === null) void this.refresh();
  }

  /** Ask no more by itself. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    do {
      this.#isDue = false;
      const view = await this.api.queue().catch(() => null); // the socket's state tells that the server is away
      if (view !== null) this.take(view);
    } while (this.#isDue);
  }
}
