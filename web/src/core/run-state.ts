/**
 * What is known of a workflow's runs, as one value: what each node does or did, what it shows, what went wrong.
 * `after` folds what happens into it; nothing here knows a server, a clock or a page.
 *
 *     state = after(state, { kind: 'message', message, at: performance.now() });
 *
 * Outputs outlive runs: a node shows its last one until there is another. All else is of the run that began last.
 */

import type { Json } from './graph.ts';
import type { NodeKey, RunFailure, RunMessage } from './run-messages.ts';
import type { NodeOutput } from './run-outputs.ts';
import {
  afterCached,
  afterExecuted,
  afterExecuting,
  afterFailure,
  afterPlan,
  afterProgress,
  ended,
  withFailure,
} from './run-steps.ts';

export type NodePhase = 'waiting' | 'running' | 'cached' | 'done' | 'error';

export interface NodeRun {
  readonly phase: NodePhase;
  readonly value: number;
  readonly max: number;
  /** What it says of its work ("3 of 20 tiles"); '' if nothing. */
  readonly text: string;
  /** When it began, on the clock of `at`. */
  readonly since: number | null;
  /** How long it took; null until it is done, and if that was not seen. */
  readonly seconds: number | null;
}

export interface NodeError {
  readonly sentence: string;
  /** The kind of the problem or exception, as `value_not_in_list` or `ValueError`. */
  readonly kind: string;
  /** The input that is wrong, if one is. */
  readonly input: string | null;
  readonly traceback: readonly string[];
  /** What the node was given, shortened by the server. */
  readonly inputs: Json;
}

/** `queued`: the newest job has not begun. `idle`: there was none yet. */
export type RunPhase = 'idle' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface RunState {
  readonly job: string | null;
  readonly phase: RunPhase;
  readonly nodes: ReadonlyMap<NodeKey, NodeRun>;
  readonly outputs: ReadonlyMap<NodeKey, NodeOutput>;
  readonly errors: ReadonlyMap<NodeKey, readonly NodeError[]>;
  /** What went wrong with the whole, if it is no single node's. */
  readonly problem: NodeError | null;
  /** Addresses of pictures of work in progress. */
  readonly previews: ReadonlyMap<NodeKey, string>;
  readonly since: number | null;
  readonly seconds: number | null;
}

export const NO_RUN: RunState = {
  job: null,
  phase: 'idle',
  nodes: new Map(),
  outputs: new Map(),
  errors: new Map(),
  problem: null,
  previews: new Map(),
  since: null,
  seconds: null,
};

export type RunAction =
  /** A job is sent. */
  | { readonly kind: 'queued'; readonly job: string }
  /** The server found something wrong with a job that was sent; `isTaken`: it runs what is in order. */
  | {
      readonly kind: 'found';
      readonly job: string;
      readonly errors: ReadonlyMap<NodeKey, readonly NodeError[]>;
      readonly problem: NodeError | null;
      readonly isTaken: boolean;
    }
  | { readonly kind: 'message'; readonly message: RunMessage; readonly at: number }
  /** Which nodes the job may run. */
  | { readonly kind: 'planned'; readonly job: string; readonly nodes: readonly NodeKey[] }
  | { readonly kind: 'preview'; readonly job: string; readonly node: NodeKey; readonly url: string }
  | { readonly kind: 'text'; readonly job: string; readonly node: NodeKey; readonly text: string }
  /** What the server says of a job whose messages were missed. */
  | { readonly kind: 'known'; readonly job: EndedJob };

/** A job that is over. */
export interface EndedJob {
  readonly id: string;
  readonly phase: 'done' | 'failed' | 'cancelled';
  readonly outputs: ReadonlyMap<NodeKey, NodeOutput>;
  readonly failure: RunFailure | null;
  readonly seconds: number | null;
}

const OVER: ReadonlySet<RunPhase> = new Set(['done', 'failed', 'cancelled']);

/** Whether nothing will happen to the newest job any more. */
export function isOver(state: RunState): boolean {
  return OVER.has(state.phase);
}

/** Return the state after something happened. */
export function after(state: RunState, action: RunAction): RunState {
  switch (action.kind) {
    case 'queued':
      return state.phase === 'running' || state.job === action.job ? state : begun(state, action.job);
    case 'found':
      return afterFound(state, action);
    case 'message':
      return afterMessage(state, action.message, action.at);
    case 'planned':
      return afterPlan(state, action.job, action.nodes);
    case 'preview':
      if (action.job !== state.job || isOver(state)) return state;
      return { ...state, previews: new Map(state.previews).set(action.node, action.url) };
    case 'text':
      return action.job === state.job ? afterText(state, action.node, action.text) : state;
    case 'known':
      return afterKnown(state, action.job);
  }
}

function afterMessage(state: RunState, message: RunMessage, at: number): RunState {
  const job = message.data.prompt_id;
  if (message.type === 'execution_start')
    return running(isAwaited(state, job) ? state : begun(state, job), at);
  if (state.job === job && isOver(state)) return state; // nothing of it can be new
  const isMissed = state.job !== job; // the window was opened, or came back, in the middle of it
  if (isMissed && !isAlive(message)) return afterStrange(state, message);
  const known = isMissed ? begun(state, job) : state;
  return afterStep(known.phase === 'running' ? known : running(known, at), message, at);
}

/** Whether a job is the one that is shown and has not begun: what was found wrong with it stays. */
function isAwaited(state: RunState, job: string): boolean {
  return state.job === job && state.phase === 'queued';
}

/** Whether a message says that its job runs. */
function isAlive(message: RunMessage): boolean {
  if (message.type === 'executing') return message.data.node !== null;
  return (
    message.type === 'execution_cached' || message.type === 'progress' || message.type === 'progress_state'
  );
}

/** A job that is not shown any more may still end or show something. */
function afterStrange(state: RunState, message: RunMessage): RunState {
  return message.type === 'executed' ? afterExecuted(state, message.data) : state;
}

function afterStep(state: RunState, message: RunMessage, at: number): RunState {
  switch (message.type) {
    case 'execution_start':
      return state;
    case 'execution_cached':
      return afterCached(state, message.data.nodes);
    case 'executing':
      return message.data.node === null
        ? state // its end was told before
        : afterExecuting(state, message.data.display_node ?? message.data.node, at);
    case 'progress':
      return state; // progress_state tells the same of all nodes at once
    case 'progress_state':
      return afterProgress(state, message.data.nodes, at);
    case 'executed':
      return afterExecuted(state, message.data);
    case 'execution_success':
      return ended(state, 'done', at);
    case 'execution_interrupted':
      return ended(state, 'cancelled', at);
    case 'execution_error':
      return afterFailure(state, message.data, at);
  }
}

function afterFound(
  state: RunState,
  { job, errors, problem, isTaken }: Extract<RunAction, { kind: 'found' }>,
): RunState {
  if (isTaken && state.job !== job) return state; // it ran so soon that another is shown
  const phase = isTaken || state.job !== job ? state.phase : 'failed';
  return { ...state, phase, errors, problem };
}

function afterText(state: RunState, key: NodeKey, text: string): RunState {
  const run = state.nodes.get(key);
  return run === undefined ? state : { ...state, nodes: new Map(state.nodes).set(key, { ...run, text }) };
}

function afterKnown(state: RunState, job: EndedJob): RunState {
  const isOurs = state.job === job.id || state.phase === 'idle' || isOver(state);
  if (!isOurs) return { ...state, outputs: new Map([...job.outputs, ...state.outputs]) };
  const outputs = new Map([...state.outputs, ...job.outputs]);
  const now = { ...NO_RUN, outputs, job: job.id, phase: job.phase, seconds: job.seconds };
  return job.failure === null ? now : withFailure(now, job.failure);
}

function begun(state: RunState, job: string): RunState {
  return { ...NO_RUN, outputs: state.outputs, job, phase: 'queued' };
}

function running(state: RunState, at: number): RunState {
  return { ...state, phase: 'running', since: at };
}
