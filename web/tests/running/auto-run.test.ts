import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { App } from '../../src/app/context.ts';
import { Dialogs } from '../../src/app/dialogs.ts';
import { Settings } from '../../src/app/settings.ts';
import { ON_CHANGE, SEEDS } from '../../src/app/settings/run.ts';
import { Tabs } from '../../src/app/tabs.ts';
import { addNewNode } from '../../src/core/edits/nodes.ts';
import { moveItems } from '../../src/core/edits/move.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import type { Editor } from '../../src/core/editor.ts';
import type { Specs, WidgetSpec } from '../../src/core/specs.ts';
import { Store } from '../../src/core/store.ts';
import { Api } from '../../src/net/api.ts';
import { Runs } from '../../src/net/runs.ts';
import { autoRun } from '../../src/running/auto-run.ts';
import { run } from '../../src/running/run.ts';
import { input, SAMPLER, spec } from '../core/edits/examples.ts';
import { FakeServer } from '../net/fake-server.ts';

const NUMBER = SAMPLER.inputs.find(({ widget }) => widget !== null)?.widget as WidgetSpec;
const SEED: WidgetSpec = { ...NUMBER, kind: 'seed', max: 2 ** 40, hasControl: true };
const NOISE = spec(
  'Noise',
  [input('seed', 'INT', { widget: SEED }), input('steps', 'INT', { widget: NUMBER })],
  [],
);
const SPECS: Specs = new Map([[NOISE.type, NOISE]]);
const REST_MS = 1000;
const memory = { getItem: () => null, setItem: () => {} };
let server: FakeServer;
let app: App;
let editor: Editor;
let stop: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  server = new FakeServer();
  const api = new Api('http://server/', server.fetch);
  const specs = new Store(SPECS);
  const urls = { createObjectURL: () => '', revokeObjectURL: () => {} };
  let last = 0;
  const parts = {
    page: 'http://server/',
    clientId: 'me',
    memory: null,
    connect: server.connect,
    now: () => 0,
    urls,
  };
  const runs = new Runs(api, { ...parts, newId: () => `job-${++last}` });
  const settings = new Settings({ load: async () => ({}), save: async () => {} }, memory);
  const tabs = new Tabs(specs, () => 'Unsaved');
  const texts = { t: (key: string) => key };
  app = { api, specs, runs, settings, tabs, texts, dialogs: new Dialogs() } as unknown as App;
  editor = tabs.current.value.editor;
  editor.do('add', (workflow) => addNewNode(workflow, [], NOISE, [0, 0]));
  runs.start();
  settings.of(ON_CHANGE).set(true);
  stop = autoRun(app);
  await rest();
});
afterEach(() => {
  stop();
  app.runs.stop();
  vi.useRealTimers();
});

async function rest(): Promise<void> {
  await vi.advanceTimersByTimeAsync(REST_MS);
}

function set(name: string, value: number): void {
  editor.do('set', (workflow) => setWidget(workflow, [], '1', name, value));
}

async function finish(id: string): Promise<void> {
  server.finish(id, {});
  server.tell('execution_success', { prompt_id: id });
  await rest();
}

test('nothing is run before something changes', () => expect(server.posted).toEqual([]));

test('changes that come quickly make one job', async () => {
  for (let steps = 1; steps < 10; steps += 1) set('steps', steps);
  await rest();
  expect(server.posted.length).toBe(1);
});

test('what is only looks makes none', async () => {
  const all = { nodes: new Set(['1']), groups: new Set<string>(), reroutes: new Set<string>() };
  editor.do('move', (workflow) => moveItems(workflow, [], all, [9, 9]));
  await rest();
  expect(server.posted).toEqual([]);
});

test.each(['before', 'after'])('seeds that change %s a run start no other run', async (time) => {
  app.settings.of(SEEDS).set(time);
  const seed = (): unknown => editor.graph.nodes.get('1')?.widgets.seed;
  const before = seed();
  set('steps', 7);
  await rest();
  expect(seed()).not.toBe(before);
  await finish('job-1');
  await rest();
  expect(server.posted.length).toBe(1);
});

test('while a job runs the newest state waits for its end', async () => {
  set('steps', 7);
  await rest();
  set('steps', 8);
  await rest();
  set('steps', 9);
  await rest();
  expect(server.posted.length).toBe(1);
  await finish('job-1');
  expect(server.posted.length).toBe(2);
  expect(JSON.stringify(server.posted[1]?.workflow)).toContain('9');
});

test('a workflow that is refused is not tried again until it changes', async () => {
  server.refusal = { error: 'No.' };
  set('steps', 7);
  await rest();
  await rest();
  expect(server.posted.length).toBe(1);
  expect(app.dialogs.toasts.value).toEqual([]);
  set('steps', 8);
  await rest();
  expect(server.posted.length).toBe(2);
});

test('nothing is run when the user does not want it any more', async () => {
  app.settings.of(ON_CHANGE).set(false);
  set('steps', 7);
  await rest();
  expect(server.posted).toEqual([]);
});

test('a batch runs as many seeds, and one undo takes them back', async () => {
  app.settings.of(ON_CHANGE).set(false);
  const before = editor.workflow;
  expect(await run(app, app.tabs.current.value, { count: 3 })).toBe(true);
  const seeds = server.posted.map(({ workflow }) => JSON.stringify(workflow));
  expect(new Set(seeds).size).toBe(3);
  editor.history.undo();
  expect(editor.workflow).toBe(before);
});

test('what is refused is told, and its seed stays', async () => {
  app.settings.of(ON_CHANGE).set(false);
  server.refusal = { error: 'The disk is full.' };
  const before = editor.workflow;
  expect(await run(app, app.tabs.current.value)).toBe(false);
  expect(app.dialogs.toasts.value.map(({ text }) => text)).toEqual(['The disk is full.']);
  expect(editor.workflow).toBe(before);
});
