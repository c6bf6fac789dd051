/** JobList: the jobs that are over, the newest first, page by page; read again when the queue changes. */

import type { Api, Job } from '../net/api.ts';
import type { Runs } from '../net/runs.ts';

const PAGE = 60;

export class JobList {
  jobs = $state.raw<readonly Job[]>([]);
  total = $state(0);
  isLoading = $state(true);
  problem = $state<string | null>(null);
  #wanted = PAGE;
  #text = '';
  #reads = 0;

  constructor(
    private readonly api: Api,
    private readonly runs: Runs,
  ) {}

  /** Read and keep reading; returns what ends that. For `$effect`. */
  follow(): () => void {
    void this.read();
    return this.runs.queue.watch(() => void this.read());
  }

  get hasMore(): boolean {
    return this.#wanted < this.total;
  }

  /** List only jobs that have these words in what they ran with or in what they made. */
  search(text: string): Promise<void> {
    this.#text = text;
    this.#wanted = PAGE;
    return this.read();
  }

  more(): Promise<void> {
    this.#wanted += PAGE;
    return this.read();
  }

  async read(): Promise<void> {
    this.#reads += 1;
    const read = this.#reads;
    try {
      const wanted = { limit: Math.min(1000, this.#wanted), ...(this.#text !== '' && { text: this.#text }) };
      const { jobs, total } = await this.api.jobs(wanted);
      if (read !== this.#reads) return; // a later one tells what is wanted now
      this.jobs = jobs.filter(({ state }) => state !== 'pending' && state !== 'in_progress');
      this.total = total;
      this.problem = null;
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.isLoading = false;
  }

  /** Forget a job; what it wrote stays. */
  async forget(id: string): Promise<void> {
    await this.api.forgetJob(id);
    this.jobs = this.jobs.filter((job) => job.id !== id);
    this.total -= 1;
  }
}
