import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunMessage } from '../../src/core/run-messages.ts';
import { after, isOver, NO_RUN, type RunAction, type RunState } from '../../src/core/run-state.ts';
import { fractionOf } from '../../src/core/run-view.ts';
import { folded, NAMES, recording, states } from './recordings/index.ts';

const NODES = ['1', '2', '12:5', '12:6'];
const node = fc.constantFrom(...NODES);
const job = fc.constantFrom('a', 'b');
const entry = fc.record({
  value: fc.nat(20),
  max: fc.nat(20),
  state: fc.constantFrom('pending', 'running', 'finished', 'error') as fc.Arbitrary<'running'>,
});
const message: fc.Arbitrary<RunMessage> = fc.oneof(
  job.map((prompt_id) => ({ type: 'execution_start', data: { prompt_id } }) as const),
  fc
    .record({ prompt_id: job, nodes: fc.array(node) })
    .map((data) => ({ type: 'execution_cached', data }) as const),
  fc.record({ prompt_id: job, node: fc.option(node) }).map((data) => ({ type: 'executing', data }) as const),
  fc
    .record({ prompt_id: job, nodes: fc.dictionary(node, entry) })
    .map((data) => ({ type: 'progress_state', data }) as const),
  fc
    .record({ prompt_id: job, node, output: fc.constantFrom(null, { images: [{ filename: 'a.png' }] }) })
    .map((data) => ({ type: 'executed', data }) as const),
  job.map((prompt_id) => ({ type: 'execution_success', data: { prompt_id } }) as const),
  job.map((prompt_id) => ({ type: 'execution_interrupted', data: { prompt_id } }) as const),
  fc
    .record({ prompt_id: job, node_id: fc.constantFrom('', ...NODES), exception_message: fc.string() })
    .map((data) => ({ type: 'execution_error', data }) as const),
);
const action: fc.Arbitrary<RunAction> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('message' as const), message, at: fc.nat(9999) }) },
  fc.record({ kind: fc.constant('queued' as const), job }),
  fc.record({ kind: fc.constant('planned' as const), job, nodes: fc.array(node) }),
  fc.record({ kind: fc.constant('preview' as const), job, node, url: fc.string() }),
  fc.record({ kind: fc.constant('text' as const), job, node, text: fc.string() }),
);

/** Whatever was told, in whatever order, this holds. */
function check(state: RunState): void {
  const phases = new Set([...state.nodes.values()].map((run) => run.phase));
  if (isOver(state)) {
    expect(phases).not.toContain('running');
    expect(phases).not.toContain('waiting');
    expect(state.previews.size).toBe(0);
  }
  if (phases.has('running')) expect(state.phase).toBe('running');
  if (state.phase === 'idle') expect(state.job).toBeNull();
  for (const run of state.nodes.values()) {
    expect(fractionOf(run)).toBeGreaterThanOrEqual(0);
    expect(fractionOf(run)).toBeLessThanOrEqual(1);
    if (run.seconds !== null) expect(run.seconds).toBeGreaterThanOrEqual(0);
  }
}

describe('whatever is told, in whatever order', () => {
  test('a state stays sound', () => {
    fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => states(actions).forEach(check)));
  });

  test('outputs are only added to', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        let before = NO_RUN;
        for (const now of states(actions)) {
          for (const key of before.outputs.keys()) expect(now.outputs.has(key)).toBe(true);
          before = now;
        }
      }),
    );
  });

  test('nothing that is told of a job after its end changes it', () => {
    fc.assert(
      fc.property(fc.array(action), message, (actions, late) => {
        const state = folded(actions);
        fc.pre(isOver(state) && late.type !== 'execution_start' && late.data.prompt_id === state.job);
        expect(after(state, { kind: 'message', message: late, at: 10_000 })).toBe(state);
      }),
    );
  });

  test('a job that starts begins afresh, but for outputs', () => {
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const before = folded(actions);
        const start: RunMessage = { type: 'execution_start', data: { prompt_id: 'new' } };
        const now = after(before, { kind: 'message', message: start, at: 5 });
        expect(now).toEqual({ ...NO_RUN, outputs: before.outputs, job: 'new', phase: 'running', since: 5 });
      }),
    );
  });
});

describe('what a real server told', () => {
  test.each(NAMES)('%s: a state stays sound', (name) => states(recording(name).actions).forEach(check));

  test('a whole run marks each node as done, with the time that it took, and shows the picture', () => {
    const { jobs, actions } = recording('whole');
    const state = folded(actions);
    expect(state).toMatchObject({ job: jobs[0], phase: 'done', problem: null });
    expect([...state.nodes.keys()].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    const sampler = state.nodes.get('5');
    expect(sampler).toMatchObject({ phase: 'done', value: 6, max: 6 });
    expect(sampler?.seconds).toBeGreaterThan(0);
    expect(sampler?.seconds).toBeLessThanOrEqual(state.seconds ?? 0);
    expect(state.outputs.get('7')?.files).toMatchObject([{ kind: 'image', type: 'output' }]);
  });

  test('pictures of work in progress are shown while it runs', () => {
    const seen = states(recording('whole').actions).map((state) => state.previews.get('5'));
    expect(seen.some((url) => url !== undefined)).toBe(true);
    expect(seen.at(-1)).toBeUndefined();
  });

  test('a run of which all is kept marks all as cached', () => {
    const state = folded(recording('cached').actions);
    expect(new Set([...state.nodes.values()].map((run) => run.phase))).toEqual(new Set(['cached']));
    expect(state.outputs.has('7')).toBe(true);
  });

  test('a change runs only what depends on it', () => {
    const { nodes } = folded(recording('changed').actions);
    expect(Object.fromEntries([...nodes].map(([key, run]) => [key, run.phase]))).toEqual({
      ...{ 1: 'cached', 2: 'cached', 3: 'cached', 4: 'cached' },
      ...{ 5: 'done', 6: 'done', 7: 'done' },
    });
  });

  test('an error stands at its node, with where it came from', () => {
    const state = folded(recording('failed').actions);
    expect(state.phase).toBe('failed');
    expect(state.nodes.get('1')?.phase).toBe('error');
    const [error] = state.errors.get('1') ?? [];
    expect(error?.sentence).toContain('is not a picture that can be read');
    expect(error?.traceback.length).toBeGreaterThan(0);
    expect(error?.inputs).toMatchObject({ image: ['broken.png'] });
  });

  test('a cancelled run leaves no node that runs or waits', () => {
    const state = folded(recording('cancelled').actions);
    expect(state.phase).toBe('cancelled');
    expect(state.nodes.has('5')).toBe(false);
  });

  test.each(NAMES)('%s: a window that opens in the middle sees the same end', (name) => {
    const { actions, jobs } = recording(name);
    const whole = folded(actions);
    const isOf = (types: RegExp) => (each: RunAction) =>
      each.kind === 'message' && types.test(each.message.type);
    const last = actions.findLastIndex(isOf(/progress_state/)); // it tells all nodes
    for (let missed = 0; missed <= last; missed += 1) {
      const state = folded(actions.slice(missed));
      expect(state).toMatchObject({ job: jobs.at(-1), phase: whole.phase, errors: whole.errors });
      for (const [key, output] of state.outputs) expect(output).toEqual(whole.outputs.get(key));
    }
  });

  test('what the server says of a job stands in for what was missed', () => {
    const { actions } = recording('whole');
    const { job, outputs } = folded(actions);
    const known = { id: job as string, phase: 'done' as const, outputs, failure: null, seconds: 1 };
    for (let heard = 0; heard <= actions.length; heard += 1) {
      const state = after(folded(actions.slice(0, heard)), { kind: 'known', job: known });
      expect(state).toMatchObject({ job, phase: 'done', outputs });
      check(state);
    }
  });
});

describe('jobs that wait', () => {
  const queued = (id: string): RunAction => ({ kind: 'queued', job: id });
  const start = (id: string): RunAction => ({
    kind: 'message',
    message: { type: 'execution_start', data: { prompt_id: id } },
    at: 0,
  });

  test('what was found wrong with a job that is taken stays when it starts', () => {
    const error = { sentence: 'No.', kind: '', input: null, traceback: [], inputs: null };
    const errors = new Map([['1', [error]]]);
    const found: RunAction = { kind: 'found', job: 'a', errors, problem: null, isTaken: true };
    expect(folded([queued('a'), found, start('a')]).errors).toBe(errors);
    expect(folded([queued('a'), found, start('b')]).errors.size).toBe(0);
  });

  test('a job that is refused has failed, and does not end the one that runs', () => {
    const found: RunAction = { kind: 'found', job: 'b', errors: new Map(), problem: null, isTaken: false };
    expect(folded([queued('b'), found]).phase).toBe('failed');
    expect(folded([start('a'), queued('b'), found])).toMatchObject({ job: 'a', phase: 'running' });
  });

  test('nodes that the job may run wait, unless more is known of them', () => {
    const planned: RunAction = { kind: 'planned', job: 'a', nodes: ['1', '2'] };
    const cached: RunAction = {
      kind: 'message',
      message: { type: 'execution_cached', data: { prompt_id: 'a', nodes: ['1'] } },
      at: 0,
    };
    for (const actions of [
      [start('a'), planned, cached],
      [start('a'), cached, planned],
    ]) {
      const { nodes } = folded(actions);
      expect([nodes.get('1')?.phase, nodes.get('2')?.phase]).toEqual(['cached', 'waiting']);
    }
  });
});
