/** A server in this process, as far as net/runs.ts needs one: jobs in order, a socket, and times when it is away. */

import type { JsonObject } from '../../src/core/graph.ts';
import type { Job, NewJob, QueueView } from '../../src/net/api.ts';
import type { WebSocketLike } from '../../src/net/socket.ts';

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

export class FakeServer {
  readonly jobs = new Map<string, Mutable<Job>>();
  readonly sockets: FakeSocket[] = [];
  /** What was posted, in order, also what was refused. */
  readonly posted: NewJob[] = [];
  isAway = false;
  isPaused = false;
  /** Whether the next answer to a posted job is lost on its way. */
  losesAnswer = false;
  /** How jobs are refused; null: they are not. */
  refusal: JsonObject | null = null;

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    await Promise.resolve();
    if (this.isAway) throw new TypeError('Failed to fetch');
    const answer = this.#answer(
      init.method ?? 'GET',
      url.replace(/^.*api\//, ''),
      init.body as string | undefined,
    );
    if (this.isAway) throw new TypeError('The connection was closed');
    return answer;
  };

  readonly connect = (url: string): WebSocketLike => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    queueMicrotask(() => (this.isAway ? socket.close() : socket.open()));
    return socket;
  };

  /** The server ends; the sockets of all clients with it. */
  leave(): void {
    this.isAway = true;
    for (const socket of this.sockets) socket.close();
  }

  tell(type: string, data: JsonObject): void {
    this.sockets.at(-1)?.hear(JSON.stringify({ type, data }));
  }

  /** Run a job without telling anybody. */
  finish(id: string, outputs: { readonly [node: string]: JsonObject }): void {
    Object.assign(this.jobs.get(id) as Job, {
      state: 'completed',
      outputs,
      started_ms: 1000,
      ended_ms: 3000,
    });
  }

  start(id: string): void {
    Object.assign(this.jobs.get(id) as Job, { state: 'in_progress' });
  }

  get waiting(): readonly string[] {
    return this.#pending().map(({ id }) => id);
  }

  #pending(): readonly Job[] {
    return [...this.jobs.values()].filter(({ state }) => state === 'pending');
  }

  #answer(method: string, path: string, body: string | undefined): Response {
    const [, id, verb] = /^v1\/jobs\/([^/?]+)\/?(\w*)/.exec(path) ?? [];
    if (path === 'v1/queue') return this.#queue(method, body);
    if (path === 'v1/jobs' && method === 'POST') return this.#take(JSON.parse(body as string) as NewJob);
    if (path.startsWith('v1/jobs?'))
      return Response.json({ jobs: [...this.jobs.values()].reverse(), total: this.jobs.size });
    if (path === 'jobs/cancel')
      return this.#cancel((JSON.parse(body as string) as { job_ids: string[] }).job_ids);
    const job = this.jobs.get(id ?? '');
    if (job === undefined) return Response.json({ error: `There is no job ${id}.` }, { status: 404 });
    if (verb === 'workflow') return Response.json({ prompt: {}, extra_data: {} });
    if (verb === 'cancel') this.#cancel([job.id]);
    return Response.json(job);
  }

  #queue(method: string, body: string | undefined): Response {
    if (method === 'PATCH') this.isPaused = (JSON.parse(body as string) as { paused: boolean }).paused;
    const running = [...this.jobs.values()].find(({ state }) => state === 'in_progress') ?? null;
    const view: QueueView = { paused: this.isPaused, running, pending: this.#pending() };
    return Response.json(view);
  }

  #take(asked: NewJob): Response {
    this.posted.push(asked);
    if (this.refusal !== null) return Response.json(this.refusal, { status: 400 });
    const id = asked.id as string;
    if (this.jobs.has(id))
      return Response.json({ error: `A job ${id} is in the queue already.` }, { status: 409 });
    const job: Job = { id, state: 'pending', created_ms: 0 };
    this.jobs.set(id, job);
    if (this.losesAnswer) this.leave();
    this.losesAnswer = false;
    return Response.json(job);
  }

  #cancel(ids: readonly string[]): Response {
    for (const id of ids) {
      const job = this.jobs.get(id);
      if (job?.state === 'pending' || job?.state === 'in_progress') job.state = 'cancelled';
    }
    return Response.json({ cancelled: true });
  }
}

export class FakeSocket implements WebSocketLike {
  binaryType: BinaryType = 'blob';
  onopen: WebSocket['onopen'] = null;
  onmessage: WebSocket['onmessage'] = null;
  onclose: WebSocket['onclose'] = null;
  onerror: WebSocket['onerror'] = null;
  readonly sent: string[] = [];
  #isClosed = false;

  constructor(readonly url: string) {}

  send(data: string): void {
    this.sent.push(data);
  }

  open(): void {
    this.#call('onopen', {});
  }

  hear(data: string | ArrayBuffer): void {
    this.#call('onmessage', { data });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#call('onclose', {});
  }

  #call(name: 'onopen' | 'onmessage' | 'onclose', event: object): void {
    (this[name] as ((event: object) => void) | null)?.(event);
  }
}
