/** How far a run is, as one number and a few words' worth of facts. */

import type { NodeKey } from './run-messages.ts';
import type { RunState } from './run-state.ts';
import { fractionOf } from './run-view.ts';

export interface RunProgress {
  /** From 0 to 1; null while it is not known. */
  readonly fraction: number | null;
  readonly done: number;
  readonly total: number;
  /** Which node runs; the one that began last, if there are several. */
  readonly node: NodeKey | null;
}

export function progressOf({ nodes }: RunState): RunProgress {
  let sum = 0;
  let done = 0;
  let node: NodeKey | null = null;
  let since = -Infinity;
  for (const [key, run] of nodes) {
    const fraction = fractionOf(run);
    sum += fraction;
    if (fraction === 1 && run.phase !== 'running') done += 1;
    if (run.phase === 'running' && (run.since ?? 0) >= since) [node, since] = [key, run.since ?? 0];
  }
  return { fraction: nodes.size === 0 ? null : sum / nodes.size, done, total: nodes.size, node };
}
