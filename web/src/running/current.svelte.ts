/** The job that runs, as components show it: whose it is, how far it is. */

import { useApp } from '../app/context.ts';
import { live, type Live } from '../app/stores.svelte.ts';
import { progressOf, type RunProgress } from '../core/run-progress.ts';
import type { Job } from '../net/api.ts';
import { nodeName } from './names.ts';

export interface CurrentRun {
  readonly job: Job;
  /** The tab that it was sent from; null: another window's, of which only the queue tells. */
  readonly tab: string | null;
  readonly progress: RunProgress | null;
  /** Which node runs, as the user calls it. */
  readonly node: string | null;
}

const NO_TAB = '';

/** Follow what the server runs now. To be called while a component is made. */
export function currentRun(): Live<CurrentRun | null> {
  const app = useApp();
  const queue = live(app.runs.queue);
  const owner = (): string | null =>
    queue.value.running === null ? null : app.runs.ownerOf(queue.value.running.id);
  const state = live(() => app.runs.of(owner() ?? NO_TAB));
  return {
    get value() {
      const job = queue.value.running;
      if (job === null) return null;
      const tab = owner();
      const isSeen = tab !== null && state.value.job === job.id;
      const progress = isSeen ? progressOf(state.value) : null;
      const key = progress?.node ?? null;
      return { job, tab, progress, node: key === null || tab === null ? null : nodeName(app, tab, key) };
    },
  };
}
