/**
 * What of a run is to be seen at one node of the level that is shown. What happens inside a subgraph is seen at its node:
 * it runs while something inside runs, and shows what is shown inside.
 */

import type { NodeId, Path } from './graph.ts';
import type { NodeKey } from './run-messages.ts';
import type { NodeOutput } from './run-outputs.ts';
import type { NodeError, NodePhase, NodeRun, RunState } from './run-state.ts';

export interface NodeView {
  /** Null: it is not part of the run. */
  readonly run: NodeRun | null;
  readonly output: NodeOutput | null;
  readonly errors: readonly NodeError[];
  /** The address of a picture of work in progress. */
  readonly preview: string | null;
}

export const NOTHING_SEEN: NodeView = { run: null, output: null, errors: [], preview: null };

/** Return the key of a node of a level in the flat workflow. */
export function keyOf(path: Path, node: NodeId): NodeKey {
  return [...path, node].join(':');
}

/** Return the way to a node and its id there, by its key. */
export function placeOf(key: NodeKey): { readonly path: Path; readonly node: NodeId } {
  const steps = key.split(':');
  return { path: steps.slice(0, -1), node: steps[steps.length - 1] as NodeId };
}

/** Return what is to be seen at a node; what is inside it too. */
export function viewOf(state: RunState, key: NodeKey): NodeView {
  const view = {
    run: joined(within(state.nodes, key), joinRuns),
    output: joined(within(state.outputs, key), joinOutputs),
    errors: within(state.errors, key)?.flat() ?? NOTHING_SEEN.errors,
    preview: within(state.previews, key)?.at(-1) ?? null,
  };
  const isNothing =
    view.run === null && view.output === null && view.errors.length === 0 && view.preview === null;
  return isNothing ? NOTHING_SEEN : view;
}

/** Whether two views show the same. */
export function isSameView(one: NodeView, other: NodeView): boolean {
  return (
    isSameRun(one.run, other.run) &&
    one.preview === other.preview &&
    isSameList(one.errors, other.errors) &&
    isSameOutput(one.output, other.output)
  );
}

/** Join what nodes inside a subgraph do to what the subgraph does. */
function joinRuns(runs: readonly NodeRun[]): NodeRun {
  const phase = joinedPhase(new Set(runs.map((run) => run.phase)));
  const seconds = runs.flatMap((run) => run.seconds ?? []);
  const starts = runs.flatMap((run) => run.since ?? []);
  return {
    phase,
    value: runs.reduce((sum, run) => sum + fractionOf(run), 0),
    max: runs.length,
    text: runs.findLast((run) => run.phase === 'running')?.text ?? '',
    since: starts.length > 0 ? Math.min(...starts) : null,
    seconds: seconds.length > 0 && phase !== 'running' ? seconds.reduce((sum, each) => sum + each, 0) : null,
  };
}

/** How much of a node's work is done, from 0 to 1. */
export function fractionOf(run: NodeRun): number {
  if (run.phase === 'done' || run.phase === 'cached') return 1;
  return run.max > 0 ? Math.min(1, run.value / run.max) : 0;
}

function joinedPhase(phases: ReadonlySet<NodePhase>): NodePhase {
  if (phases.has('error')) return 'error';
  if (phases.has('running')) return 'running';
  const isBegun = phases.has('done') || phases.has('cached');
  if (phases.has('waiting')) return isBegun ? 'running' : 'waiting';
  return phases.has('done') ? 'done' : 'cached';
}

function joinOutputs(outputs: readonly NodeOutput[]): NodeOutput {
  return {
    files: outputs.flatMap((output) => output.files),
    texts: outputs.flatMap((output) => output.texts),
    raw: Object.assign({}, ...outputs.map((output) => output.raw)) as NodeOutput['raw'],
    job: (outputs.at(-1) as NodeOutput).job,
  };
}

function joined<T>(found: readonly T[] | undefined, join: (all: readonly T[]) => T): T | null {
  if (found === undefined) return null;
  return found.length === 1 ? (found[0] as T) : join(found);
}

/** What stands at a key or inside it, by key; made once for each map, as states share what stays. */
const indices = new WeakMap<ReadonlyMap<NodeKey, unknown>, ReadonlyMap<NodeKey, readonly unknown[]>>();

function within<T>(map: ReadonlyMap<NodeKey, T>, key: NodeKey): readonly T[] | undefined {
  let index = indices.get(map);
  if (index === undefined) {
    index = indexOf(map);
    indices.set(map, index);
  }
  return index.get(key) as readonly T[] | undefined;
}

function indexOf<T>(map: ReadonlyMap<NodeKey, T>): ReadonlyMap<NodeKey, readonly T[]> {
  const index = new Map<NodeKey, T[]>();
  for (const [key, value] of map) {
    for (let end = key.indexOf(':'); ; end = key.indexOf(':', end + 1)) {
      const outer = end < 0 ? key : key.slice(0, end);
      const found = index.get(outer);
      if (found === undefined) index.set(outer, [value]);
      else found.push(value);
      if (end < 0) break;
    }
  }
  return index;
}

function isSameRun(one: NodeRun | null, other: NodeRun | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.phase === other.phase &&
    one.value === other.value &&
    one.max === other.max &&
    one.text === other.text &&
    one.seconds === other.seconds &&
    one.since === other.since
  );
}

function isSameOutput(one: NodeOutput | null, other: NodeOutput | null): boolean {
  if (one === null || other === null) return one === other;
  return one.job === other.job && isSameList(one.files, other.files) && isSameList(one.texts, other.texts);
}

function isSameList<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
