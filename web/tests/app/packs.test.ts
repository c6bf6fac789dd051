import { expect, test } from 'vitest';
import { hasFailed, packProblem, Packs } from '../../src/app/packs.ts';
import { ApiError, type PackReport } from '../../src/net/api.ts';
import { makeTestApp, PackServer, report } from '../extensions/app.ts';

test('a server without packs has none, and one that fails says why', async () => {
  const answers: (readonly PackReport[] | ApiError)[] = [
    [report('a')],
    new ApiError('Not here.', 404),
    new ApiError('It is broken.', 500),
    [],
  ];
  const api = {
    packs: async () => {
      const answer = answers.shift();
      if (answer instanceof ApiError) throw answer;
      return answer ?? [];
    },
  };
  const packs = new Packs(api);
  const seen: [number, string | null][] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    await packs.refresh();
    seen.push([packs.all.value.length, packs.problem.value]);
  }
  expect(seen).toEqual([
    [1, null],
    [1, null],
    [1, 'It is broken.'],
    [0, null],
  ]);
});

test('the answer to the last question counts, whichever comes first', async () => {
  const waiting: ((packs: readonly PackReport[]) => void)[] = [];
  const packs = new Packs({ packs: () => new Promise((resolve) => waiting.push(resolve)) });
  const asked = [packs.refresh(), packs.refresh()];
  waiting[1]?.([report('new')]);
  waiting[0]?.([report('old')]);
  await Promise.all(asked);
  expect(packs.all.value.map(({ name }) => name)).toEqual(['new']);
});

test('a pack that is missing says why', () => {
  const app = makeTestApp(new PackServer());
  expect(packProblem(app, report('a'), 'node')).toBe(
    'This node is of the pack a, with which something is wrong: It fails.',
  );
  expect(packProblem(app, report('a', { state: 'disabled', problems: [] }), 'type')).toBe(
    'It is of the pack a, which is switched off.',
  );
  const loaded = report('a', { state: 'loaded', problems: [] });
  expect(packProblem(app, loaded, 'type')).toContain('does not bring it');
  expect(packProblem(app, { ...loaded, state: 'loading' }, 'type')).toBeNull();
});

test('packs that bring nothing have failed, those that bring some of it have not', () => {
  expect([
    hasFailed(report('a')),
    hasFailed(report('a', { state: 'partly' })),
    hasFailed(report('a', { state: 'partly', nodes: ['Rain'] })),
    hasFailed(report('a', { state: 'loaded', problems: [] })),
    hasFailed(report('a', { state: 'disabled', problems: [] })),
  ]).toEqual([true, true, false, false, false]);
});
