/**
 * JobOwners: which tab each job was sent from. It is kept in the browser, so that a window that is loaded again shows
 * what its jobs did meanwhile.
 */

const KEY = 'weft.jobs';
const MOST = 300;

export type Memory = Pick<Storage, 'getItem' | 'setItem'>;
type Pair = readonly [job: string, tab: string];

export class JobOwners {
  #byJob: Map<string, string>;

  constructor(private readonly memory: Memory | null) {
    this.#byJob = new Map(this.#read());
  }

  of(job: string): string | null {
    return this.#byJob.get(job) ?? null;
  }

  set(job: string, tab: string): void {
    const others = this.#read(); // another window may have added to it
    this.#byJob = new Map([...others, ...this.#byJob, [job, tab] as const].slice(-MOST));
    this.#write();
  }

  /** A tab was closed. */
  forget(tab: string): void {
    this.#byJob = new Map([...this.#byJob].filter(([, owner]) => owner !== tab));
    this.#write();
  }

  #read(): readonly Pair[] {
    try {
      const found: unknown = JSON.parse(this.memory?.getItem(KEY) ?? '[]');
      return Array.isArray(found) ? (found as readonly Pair[]).filter(Array.isArray) : [];
    } catch {
      return []; // storage that is forbidden or broken is as good as none
    }
  }

  #write(): void {
    try {
      this.memory?.setItem(KEY, JSON.stringify([...this.#byJob]));
    } catch {
      // full or forbidden: what runs is shown until the window is closed
    }
  }
}
