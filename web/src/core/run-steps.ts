/** The single steps of core/run-state.ts: what each message changes. */

import type { JsonObject } from './graph.ts';
import type { NodeKey, ProgressEntry, RunFailure } from './run-messages.ts';
import { readOutput } from './run-outputs.ts';
import type { NodeError, NodePhase, NodeRun, RunState } from './run-state.ts';

type Entries = { readonly [node: NodeKey]: ProgressEntry };
type Shown = {
  readonly node: NodeKey;
  readonly display_node?: NodeKey;
  readonly output: JsonObject | null;
  readonly prompt_id: string;
};

const FRESH: NodeRun = { phase: 'waiting', value: 0, max: 1, text: '', since: null, seconds: null };
const PHASES: { readonly [state in ProgressEntry['state']]: NodePhase } = {
  pending: 'waiting',
  running: 'running',
  finished: 'done',
  error: 'error',
};
/** What is said of a node from whose expansion several came: the first of these that is said of one. */
const RANKS: { readonly [phase in NodePhase]: number } = {
  error: 0,
  running: 1,
  done: 2,
  cached: 3,
  waiting: 4,
};
/** Of this kind the run goes on behind it. */
const BLOCKED = 'ExecutionBlocked';

/** Mark what was kept from another run. */
export function afterCached(state: RunState, keys: readonly NodeKey[]): RunState {
  if (keys.length === 0) return state;
  const nodes = new Map(state.nodes);
  for (const key of keys) nodes.set(key, { ...FRESH, phase: 'cached', value: 1 });
  return { ...state, nodes };
}

/** Mark what the job may run; what is known of a node already is newer. */
export function afterPlan(state: RunState, job: string, keys: readonly NodeKey[]): RunState {
  if (state.job !== job || (state.phase !== 'running' && state.phase !== 'queued')) return state;
  return { ...state, nodes: new Map([...keys.map((key) => [key, FRESH] as const), ...state.nodes]) };
}

/** A node begins. Those before it are probably done, which the next progress_state says for sure. */
export function afterExecuting(state: RunState, key: NodeKey, at: number): RunState {
  const nodes = new Map(state.nodes);
  for (const [other, run] of nodes) {
    if (other !== key && run.phase === 'running' && run.seconds === null) {
      nodes.set(other, { ...run, seconds: secondsSince(run.since, at) });
    }
  }
  const known = nodes.get(key);
  if (known?.phase !== 'running') nodes.set(key, { ...FRESH, phase: 'running', since: at });
  return { ...state, nodes };
}

export function afterProgress(state: RunState, entries: Entries, at: number): RunState {
  const nodes = new Map(state.nodes);
  for (const [key, entry] of shown(entries)) {
    const known = nodes.get(key);
    const run = told(known, entry, at);
    if (run !== known) nodes.set(key, run);
  }
  return { ...state, nodes };
}

export function afterExecuted(
  state: RunState,
  { node, display_node: display, output, prompt_id: job }: Shown,
): RunState {
  if (output === null) return state;
  const outputs = new Map(state.outputs).set(display ?? node, readOutput(output, job));
  return { ...state, outputs };
}

export function afterFailure(state: RunState, failure: RunFailure, at: number): RunState {
  const now = withFailure(state, failure);
  return failure.exception_type === BLOCKED ? now : ended(now, 'failed', at);
}

/** Add what went wrong to the node that it is about, or to the whole. */
export function withFailure(state: RunState, failure: RunFailure): RunState {
  const error: NodeError = {
    sentence: (failure.exception_message ?? '').trim(),
    kind: failure.exception_type ?? '',
    input: null,
    traceback: failure.traceback ?? [],
    inputs: failure.current_inputs ?? null,
  };
  const key = failure.node_id ?? '';
  if (key === '') return { ...state, problem: error };
  const errors = new Map(state.errors).set(key, [...(state.errors.get(key) ?? []), error]);
  const run = state.nodes.get(key) ?? FRESH;
  return { ...state, errors, nodes: new Map(state.nodes).set(key, { ...run, phase: 'error' }) };
}

/** The job is over: what runs is done if it went well; nothing runs or waits any more in any case. */
export function ended(state: RunState, phase: 'done' | 'failed' | 'cancelled', at: number): RunState {
  const nodes = new Map<NodeKey, NodeRun>();
  for (const [key, run] of state.nodes) {
    const isDone = run.phase === 'running' && phase === 'done';
    if (isDone)
      nodes.set(key, {
        ...run,
        phase: 'done',
        value: run.max,
        seconds: run.seconds ?? secondsSince(run.since, at),
      });
    else if (run.phase !== 'running' && run.phase !== 'waiting') nodes.set(key, run);
  }
  return { ...state, phase, nodes, previews: new Map(), seconds: secondsSince(state.since, at) };
}

/** Return what a node does after an entry of progress_state. */
function told(known: NodeRun | undefined, entry: ProgressEntry, at: number): NodeRun {
  const phase = PHASES[entry.state];
  const run = known ?? FRESH;
  if (run.phase === 'cached' && phase === 'done') return run;
  if (run.phase === phase && run.value === entry.value && run.max === entry.max && phase !== 'running')
    return run;
  const since = run.since ?? (phase === 'running' ? at : null);
  const isOver = phase === 'done' || phase === 'error';
  const seconds = isOver ? (run.seconds ?? secondsSince(since, at)) : null;
  return { phase, value: entry.value, max: entry.max, text: run.text, since, seconds };
}

/** Return the entries by the nodes at which they are shown. */
function shown(entries: Entries): ReadonlyMap<NodeKey, ProgressEntry> {
  const found = new Map<NodeKey, ProgressEntry>();
  for (const [node, entry] of Object.entries(entries)) {
    const key = entry.display_node_id ?? node;
    const known = found.get(key);
    if (known === undefined || RANKS[PHASES[entry.state]] < RANKS[PHASES[known.state]]) found.set(key, entry);
  }
  return found;
}

function secondsSince(since: number | null, at: number): number | null {
  return since === null ? null : Math.max(0, at - since) / 1000;
}
