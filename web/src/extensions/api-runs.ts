/** Runs of this window, as scripts hear of them. */

import type { App } from '../app/context.ts';
import type { Tab } from '../app/tabs.ts';
import type { RunState } from '../core/run-state.ts';
import type { Run1 } from '../../types/weft-editor.d.ts';

/** Call a function at each new phase of a run, and when a node has shown something; returns what ends that. */
export function watchRuns({ tabs, runs }: App, listener: (run: Run1) => void): () => void {
  const ends = new Map<Tab, () => void>();
  const follow = (open: readonly Tab[]): void => {
    for (const tab of open) if (!ends.has(tab)) ends.set(tab, watchTab(tab));
    for (const [tab, end] of ends) {
      if (open.includes(tab)) continue;
      end();
      ends.delete(tab);
    }
  };
  const watchTab = (tab: Tab): (() => void) => {
    const state = runs.of(tab.id);
    let told = state.value;
    return state.watch((now) => {
      const before = told;
      told = now;
      const run = isNews(before, now) ? runOf(tab.name.value, now) : null;
      if (run !== null) listener(run);
    });
  };
  follow(tabs.all.value);
  const end = tabs.all.watch(follow);
  return () => {
    end();
    for (const each of ends.values()) each();
  };
}

function isNews(before: RunState, now: RunState): boolean {
  return before.job !== now.job || before.phase !== now.phase || before.outputs !== now.outputs;
}

function runOf(workflow: string, { job, phase, outputs, errors, seconds }: RunState): Run1 | null {
  if (job === null || phase === 'idle') return null;
  const own = [...outputs].filter(([, output]) => output.job === job); // others are of runs before
  return {
    job,
    phase,
    workflow,
    shown: Object.fromEntries(own.map(([node, { raw }]) => [node, raw])),
    errors: Object.fromEntries([...errors].map(([node, all]) => [node, all.map(({ sentence }) => sentence)])),
    seconds,
  };
}
