/**
 * Outbox: jobs on their way to the server, one after the other. Those that it cannot take because it is away wait here
 * and are sent when it is back. Each has its id from the start, so that sending twice queues once.
 */

import { Store, type Readable } from '../core/store.ts';
import { ApiError, type Api, type Job, type NewJob } from './api.ts';

export interface Letter {
  readonly tab: string;
  readonly job: NewJob & { readonly id: string };
  /** Before all others that wait. */
  readonly isFirst: boolean;
}

export interface OutboxHooks {
  readonly onTaken: (letter: Letter, job: Job) => void;
  readonly onRefused: (letter: Letter, error: ApiError) => void;
}

export class Outbox {
  readonly #unsent = new Store<readonly Letter[]>([]);
  readonly #sending = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly api: Pick<Api, 'submit' | 'job' | 'changeJob'>,
    private readonly hooks: OutboxHooks,
  ) {}

  get unsent(): Readable<readonly Letter[]> {
    return this.#unsent;
  }

  /** Whether a job is still on its way. */
  has(id: string): boolean {
    return this.#sending.has(id) || this.#unsent.value.some(({ job }) => job.id === id);
  }

  /** Send a job. Returns null if it waits here for the server; ApiError if the server does not want it. */
  send(letter: Letter): Promise<Job | null> {
    this.#sending.add(letter.job.id);
    return this.#inTurn(async () => {
      if (this.#unsent.value.length > 0) return this.#keep(letter); // not before those that wait longer
      try {
        return await this.#post(letter, false);
      } catch (error) {
        if (error instanceof ApiError && error.isUnreachable) return this.#keep(letter);
        throw error;
      }
    });
  }

  /** Send what waits; stops at the first that cannot be sent. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      for (let letter = this.#unsent.value[0]; letter !== undefined; letter = this.#unsent.value[0]) {
        try {
          await this.#post(letter, true);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          if (error.isUnreachable) return;
        }
        this.drop(letter.job.id);
      }
    });
  }

  /** Do not send a job that waits. */
  drop(id: string): void {
    this.#unsent.update((all) =>
      all.some(({ job }) => job.id === id) ? all.filter(({ job }) => job.id !== id) : all,
    );
  }

  #keep(letter: Letter): null {
    this.#sending.delete(letter.job.id);
    this.#unsent.update((all) => (letter.isFirst ? [letter, ...all] : [...all, letter]));
    return null;
  }

  async #post(letter: Letter, mayBeThere: boolean): Promise<Job> {
    const { id } = letter.job;
    this.#sending.add(id);
    try {
      const job = await this.#taken(letter, mayBeThere);
      this.hooks.onTaken(letter, job);
      if (letter.isFirst) await this.api.changeJob(id, { place: 0 }).catch(() => {}); // it runs already
      return job;
    } catch (error) {
      if (error instanceof ApiError && !error.isUnreachable) this.hooks.onRefused(letter, error);
      throw error;
    } finally {
      this.#sending.delete(id);
    }
  }

  /** Have a job queued. One whose answer was lost is there already. */
  async #taken({ job }: Letter, mayBeThere: boolean): Promise<Job> {
    try {
      return await this.api.submit(job);
    } catch (error) {
      if (!mayBeThere || !(error instanceof ApiError) || error.isUnreachable) throw error;
      return this.api.job(job.id).catch(() => {
        throw error;
      });
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act, act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
