import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Api, ApiError } from '../../src/net/api.ts';
import type { Memory } from '../../src/net/job-owners.ts';
import { Runs } from '../../src/net/runs.ts';
import { bytesOf, recording } from '../core/recordings/index.ts';
import { FakeServer } from './fake-server.ts';

const DOCUMENT = { nodes: [] };
const PICTURE = { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] };
let server: FakeServer;
let urls: Set<string>;
let opened: Runs[];

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  urls = new Set();
  opened = [];
});
afterEach(() => {
  for (const runs of opened) runs.stop();
  vi.useRealTimers();
});

function kept(): Memory {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

/** Open a window on the server. */
async function open(memory: Memory = kept(), newId = counter()): Promise<Runs> {
  const runs = new Runs(new Api('http://server/', server.fetch), {
    page: 'http://server/',
    clientId: 'me',
    memory,
    connect: server.connect,
    now: () => 0,
    newId,
    urls: {
      createObjectURL: () => {
        const url = `blob:${Math.random()}`;
        urls.add(url);
        return url;
      },
      revokeObjectURL: (url) => void urls.delete(url),
    },
  });
  opened.push(runs);
  runs.start();
  await settle();
  return runs;
}

/** Let everything happen that can without more time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

function counter(): () => string {
  let last = 0;
  return () => `job-${++last}`;
}

describe('the connection', () => {
  test('says first what it understands', async () => {
    await open();
    expect(server.sockets[0]?.url).toBe('ws://server/api/ws?clientId=me');
    expect(JSON.parse(server.sockets[0]?.sent[0] ?? '')).toMatchObject({
      type: 'feature_flags',
      data: { supports_preview_metadata: true },
    });
  });

  test('comes back by itself, and tries at once when hurried', async () => {
    const runs = await open();
    expect(runs.connection.value).toBe('open');
    server.leave();
    expect(runs.connection.value).toBe('lost');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.sockets.length).toBeLessThan(20); // ever less often
    server.isAway = false;
    runs.hurry();
    await settle();
    expect(runs.connection.value).toBe('open');
  });

  test('a window that ends tries no more', async () => {
    const runs = await open();
    runs.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.sockets.length).toBe(1);
  });
});

describe('while the server is away', () => {
  test('jobs wait, and go out in order when it is back', async () => {
    const runs = await open();
    server.leave();
    expect(await runs.submit('tab', { document: DOCUMENT })).toBeNull();
    expect(await runs.submit('tab', { document: DOCUMENT })).toBeNull();
    expect(runs.unsent.value.map(({ job }) => job.id)).toEqual(['job-1', 'job-2']);
    expect(runs.of('tab').value.phase).toBe('queued');
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.waiting).toEqual(['job-1', 'job-2']);
    expect(runs.unsent.value).toEqual([]);
  });

  test('a job whose answer was lost is queued once', async () => {
    const runs = await open();
    server.losesAnswer = true;
    expect(await runs.submit('tab', { document: DOCUMENT })).toBeNull();
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.posted.length).toBe(2);
    expect(server.waiting).toEqual(['job-1']);
    expect(runs.unsent.value).toEqual([]);
  });

  test('a job that waits here can be taken back', async () => {
    const runs = await open();
    server.leave();
    await runs.submit('tab', { document: DOCUMENT });
    await runs.cancel('job-1');
    expect(runs.of('tab').value.phase).toBe('cancelled');
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.posted).toEqual([]);
  });

  test('what a job did meanwhile is asked for', async () => {
    const runs = await open();
    const ends: string[] = [];
    runs.onEnd(({ job, phase }) => ends.push(`${job} ${phase}`));
    await runs.submit('tab', { document: DOCUMENT });
    server.tell('execution_start', { prompt_id: 'job-1' });
    server.leave();
    server.finish('job-1', { 7: PICTURE });
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(runs.of('tab').value).toMatchObject({ phase: 'done', seconds: 2 });
    expect(runs.node('tab', [], '7').value.output?.files).toMatchObject([{ filename: 'a.png' }]);
    expect(ends).toEqual(['job-1 done']);
  });

  test('a job that is gone is not waited for for ever', async () => {
    const runs = await open();
    await runs.submit('tab', { document: DOCUMENT });
    server.leave();
    server.jobs.clear();
    server.isAway = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(runs.of('tab').value.phase).toBe('cancelled');
  });
});

describe('jobs', () => {
  test('what the server finds wrong stands at the nodes', async () => {
    const runs = await open();
    const errors = [
      { type: 'value_not_in_list', message: 'Value not in list', details: 'Sampler #5: "x" is unknown.' },
    ];
    server.refusal = { error: 'Sampler #5: "x" is unknown.', node_errors: { '12:5': { errors } } };
    await expect(runs.submit('tab', { document: DOCUMENT })).rejects.toThrow(ApiError);
    expect(runs.node('tab', [], '12').value.errors).toMatchObject([
      { sentence: 'Sampler #5: "x" is unknown.' },
    ]);
    expect(runs.of('tab').value).toMatchObject({ phase: 'failed', problem: null });
  });

  test('one that begins is seen in the queue, though there are as many jobs as before', async () => {
    const runs = await open();
    await runs.submit('tab', { document: DOCUMENT });
    await runs.pause(true);
    server.start('job-1');
    server.tell('executing', { prompt_id: 'job-1', node: '5' });
    await settle();
    expect(runs.queue.value.running?.id).toBe('job-1');
  });

  test('one of another window that begins is seen in the queue a little later', async () => {
    const runs = await open();
    server.jobs.set('foreign', { id: 'foreign', state: 'pending', created_ms: 0 });
    server.tell('status', {});
    await settle();
    server.start('foreign');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs.queue.value.running?.id).toBe('foreign');
  });

  test('one that another window sent changes nothing here', async () => {
    const runs = await open();
    server.tell('execution_start', { prompt_id: 'foreign' });
    expect(runs.of('tab').value.phase).toBe('idle');
  });

  test('all that run or wait can be cancelled', async () => {
    const runs = await open();
    await runs.submit('tab', { document: DOCUMENT });
    await runs.submit('tab', { document: DOCUMENT });
    await runs.cancelAll();
    expect(server.waiting).toEqual([]);
    expect(runs.of('tab').value.phase).toBe('cancelled');
  });

  test('a window that is loaded again shows what its jobs did and what waits', async () => {
    const memory = kept();
    const newId = counter();
    const before = await open(memory, newId);
    await before.submit('one', { document: DOCUMENT });
    await before.submit('two', { document: DOCUMENT });
    server.finish('job-1', { 7: PICTURE });
    before.stop();
    const after = await open(memory, newId);
    expect(after.of('one').value).toMatchObject({ job: 'job-1', phase: 'done' });
    expect(after.of('two').value).toMatchObject({ job: 'job-2', phase: 'queued' });
    after.forget('one');
    expect(after.ownerOf('job-1')).toBeNull();
  });
});

test('pictures of work in progress are let go of', async () => {
  const { jobs, messages } = recording('whole');
  const runs = await open(kept(), () => jobs[0] as string);
  await runs.submit('tab', { document: DOCUMENT });
  let most = 0;
  for (const message of messages) {
    server.sockets[0]?.hear('binary' in message ? bytesOf(message.binary) : JSON.stringify(message));
    most = Math.max(most, urls.size);
  }
  expect(most).toBe(1);
  expect(urls.size).toBe(0);
  expect(runs.of('tab').value.phase).toBe('done');
});

test('who watches a node hears only of that node', async () => {
  const { jobs, messages } = recording('whole');
  const runs = await open(kept(), () => jobs[0] as string);
  await runs.submit('tab', { document: DOCUMENT });
  const phases: (string | undefined)[] = [];
  runs.node('tab', [], '6').watch((view) => phases.push(view.run?.phase));
  for (const message of messages)
    if (!('binary' in message)) server.sockets[0]?.hear(JSON.stringify(message));
  expect(phases.slice(-2)).toEqual(['running', 'done']);
  expect(phases.length).toBeLessThan(6);
});
