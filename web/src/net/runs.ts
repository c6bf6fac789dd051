/**
 * Runs: what runs, ran and waits on the server, as stores.
 *
 *     runs.start();
 *     await runs.submit(tab.id, { document });      // the editor's document; ApiError says what is wrong
 *     runs.of(tab.id).value.phase                   // what became of the tab's newest job
 *     runs.node(tab.id, path, node.id).value.run    // what one node does; what is inside it, if it is a subgraph
 *
 * When the connection was lost, it asks what became of what it missed; jobs that were sent meanwhile go out then.
 */

import { readFrame, type Frame } from '../core/binary-frames.ts';
import type { JsonObject, NodeId, Path } from '../core/graph.ts';
import { readProblems } from '../core/run-errors.ts';
import { asRunMessage, type NodeKey, type RunMessage, type SocketMessage } from '../core/run-messages.ts';
import { planOf } from '../core/run-plan.ts';
import type { RunState } from '../core/run-state.ts';
import type { NodeView } from '../core/run-view.ts';
import { Store, type Readable } from '../core/store.ts';
import { ApiError, type Api, type Job, type JobChange } from './api.ts';
import { cancelledJob, endedJob } from './ended-job.ts';
import { JobOwners } from './job-owners.ts';
import { Outbox, type Letter } from './outbox.ts';
import { QueueWatch, type Queue } from './queue-watch.ts';
import { RunBook, type Ending } from './run-book.ts';
import { completed, type RunsParts } from './runs-parts.ts';
import { Socket, socketUrl, type Connection } from './socket.ts';

export type { Connection, Ending, Letter, Queue };

export interface RunRequest {
  /** The editor's document, or an API document. */
  readonly document: JsonObject;
  /** The nodes to run to; all output nodes if left out. */
  readonly outputs?: readonly NodeKey[];
  readonly priority?: number;
  readonly labels?: readonly string[];
  /** Before all others that wait. */
  readonly isFirst?: boolean;
}

const MOST_RESTORED = 100;

export class Runs {
  readonly clientId: string;
  readonly #connection = new Store<Connection>('connecting');
  readonly #parts: RunsParts;
  readonly #owners: JobOwners;
  readonly #book: RunBook;
  readonly #queue: QueueWatch;
  readonly #outbox: Outbox;
  readonly #wanted = new Map<string, readonly NodeKey[]>();
  readonly #listeners = new Map<string, Set<(data: JsonObject) => void>>();
  #socket: Socket | null = null;
  #isRestored = false;

  constructor(
    readonly api: Api,
    parts: Partial<RunsParts> = {},
  ) {
    this.#parts = completed(parts);
    this.clientId = this.#parts.clientId;
    this.#owners = new JobOwners(this.#parts.memory);
    this.#book = new RunBook(this.#parts.urls);
    this.#queue = new QueueWatch(api);
    this.#outbox = new Outbox(api, {
      onTaken: (letter, job) => this.#take(letter, job),
      onRefused: (letter, error) => this.#refuse(letter, error),
    });
  }

  get connection(): Readable<Connection> {
    return this.#connection;
  }

  get queue(): Readable<Queue> {
    return this.#queue.store;
  }

  /** Jobs that wait here until the server is back. */
  get unsent(): Readable<readonly Letter[]> {
    return this.#outbox.unsent;
  }

  /** Connect to the server, and stay so. */
  start(): void {
    const { page, connect } = this.#parts;
    const hooks = {
      onState: (state: Connection) => {
        this.#connection.set(state);
        if (state === 'open') void this.#catchUp();
        if (state === 'lost') void this.api.features().catch(() => null); // a socket does not tell that it wants a log-in
      },
      onMessage: (message: SocketMessage) => this.#hear(message),
      onBinary: (data: ArrayBuffer) => this.#see(readFrame(data)),
    };
    this.#socket = new Socket(socketUrl(this.api.http.base, page, this.clientId), hooks, connect);
  }

  stop(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#queue.stop();
  }

  /** Try to connect now, if the connection is lost. */
  hurry(): void {
    this.#socket?.hurry();
  }

  /** What is known of a tab's runs. */
  of(tab: string): Readable<RunState> {
    return this.#book.of(tab);
  }

  /** What is to be seen at a node of a level; the same store each time. */
  node(tab: string, path: Path, node: NodeId): Readable<NodeView> {
    return this.#book.node(tab, path, node);
  }

  /** The tab that a job was sent from; null if it was another window's. */
  ownerOf(job: string): string | null {
    return this.#owners.of(job);
  }

  /** Queue a tab's workflow. Returns null if it waits here for the server; ApiError if the server does not want it. */
  submit(tab: string, request: RunRequest): Promise<Job | null> {
    const { document, isFirst = false, ...others } = request;
    const id = this.#parts.newId();
    const job = { ...others, id, workflow: document, client_id: this.clientId };
    this.#owners.set(id, tab);
    if (request.outputs !== undefined) this.#wanted.set(id, request.outputs);
    const sent = this.#outbox.send({ tab, job, isFirst });
    this.#book.fold(tab, { kind: 'queued', job: id });
    return sent;
  }

  /** End a job that runs or waits, on the server or here. */
  async cancel(job: string): Promise<void> {
    if (this.unsent.value.some((letter) => letter.job.id === job)) return this.#drop(job);
    await this.api.cancelJob(job);
    await this.#refresh();
  }

  /** End the job that runs. */
  async interrupt(): Promise<void> {
    const { running } = this.queue.value;
    if (running !== null) await this.cancel(running.id);
  }

  /** End all that run or wait. */
  async cancelAll(): Promise<void> {
    for (const letter of this.unsent.value) this.#drop(letter.job.id);
    await this.#refresh();
    const ids = [...this.#queue.ids];
    if (ids.length > 0) await this.api.cancelJobs(ids);
    await this.#refresh();
  }

  /** Queue a job that is over again; its tab follows the new one. */
  async retry(job: string): Promise<Job> {
    const tab = this.ownerOf(job);
    const again = await this.api.retryJob(job);
    if (tab !== null) this.#owners.set(again.id, tab);
    await this.#refresh();
    return again;
  }

  /** Change a job that waits; ApiError 409 if it does not any more. */
  async change(job: string, change: JobChange): Promise<void> {
    try {
      await this.api.changeJob(job, change);
    } finally {
      await this.#refresh();
    }
  }

  /** Let the queue start no job any more, or start jobs again. */
  async pause(isPaused: boolean): Promise<void> {
    this.#queue.take(await this.api.pauseQueue(isPaused));
  }

  /** Call a function when a job of this window is over; returns what ends that. */
  onEnd(listener: (ending: Ending) => void): () => void {
    return this.#book.onEnd(listener);
  }

  /** Call a function at each message of a type (`logs` …); returns what ends that. */
  listen(type: string, listener: (data: JsonObject) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** A tab was closed for good. */
  forget(tab: string): void {
    this.#book.forget(tab);
    this.#owners.forget(tab);
  }

  #hear(message: SocketMessage): void {
    if (message.type === 'status') void this.#refresh();
    for (const listener of [...(this.#listeners.get(message.type) ?? [])]) listener(message.data);
    const told = asRunMessage(message);
    if (told !== null) this.#follow(told);
  }

  #follow(message: RunMessage): void {
    const job = message.data.prompt_id;
    const tab = this.ownerOf(job);
    if (tab === null) return;
    const isRunning = (): boolean => this.#book.runs(tab, job);
    const wasRunning = isRunning();
    this.#book.fold(tab, { kind: 'message', message, at: this.#parts.now() });
    if (!isRunning()) return;
    this.#queue.expect(job);
    if (!wasRunning) void this.#plan(tab, job);
  }

  #see(frame: Frame | null): void {
    if (frame === null || frame.node === null) return;
    const job = frame.kind === 'preview' ? frame.job : (this.queue.value.running?.id ?? null);
    const tab = job === null ? null : this.ownerOf(job);
    if (job === null || tab === null) return;
    if (frame.kind === 'text')
      this.#book.fold(tab, { kind: 'text', job, node: frame.node, text: frame.text });
    else this.#book.preview(tab, job, frame.node, new Blob([frame.image], { type: frame.type }));
  }

  /** Ask which nodes a job may run, so that those that wait can be shown. */
  async #plan(tab: string, job: string): Promise<void> {
    const documents = await this.api.jobDocuments(job).catch(() => null); // shown without them, then
    if (documents === null) return;
    const nodes = planOf(documents.prompt, this.#wanted.get(job) ?? null, this.#parts.isOutput);
    this.#wanted.delete(job);
    this.#book.fold(tab, { kind: 'planned', job, nodes });
  }

  /** The connection is there, perhaps again. */
  async #catchUp(): Promise<void> {
    await this.#restore();
    await this.#refresh();
    await this.#outbox.flush();
  }

  /** Show what jobs of this browser's tabs did before the window was opened. */
  async #restore(): Promise<void> {
    if (this.#isRestored) return;
    const page = await this.api.jobs({ limit: MOST_RESTORED }).catch(() => null);
    this.#isRestored = page !== null;
    for (const job of page?.jobs.toReversed() ?? []) this.#learn(job);
  }

  /** Ask for the queue, and what became of jobs that are neither there nor told to be over. */
  async #refresh(): Promise<void> {
    const awaited = [...this.#book.awaited()].filter(([, job]) => !this.#outbox.has(job));
    await this.#queue.refresh();
    const { ids } = this.#queue;
    const lost = awaited.filter(([tab, job]) => !ids.has(job) && this.#book.awaited().get(tab) === job);
    await Promise.all(lost.map(([tab, job]) => this.#lookUp(tab, job)));
  }

  async #lookUp(tab: string, id: string): Promise<void> {
    try {
      this.#learn(await this.api.job(id));
    } catch (error) {
      const isGone = error instanceof ApiError && error.status === 404;
      if (isGone) this.#book.fold(tab, { kind: 'known', job: cancelledJob(id) });
    }
  }

  #learn(job: Job): void {
    const tab = this.ownerOf(job.id);
    if (tab === null) return;
    const ended = endedJob(job);
    this.#book.fold(tab, ended === null ? { kind: 'queued', job: job.id } : { kind: 'known', job: ended });
  }

  #drop(job: string): void {
    this.#outbox.drop(job);
    const tab = this.ownerOf(job);
    if (tab !== null) this.#book.fold(tab, { kind: 'known', job: cancelledJob(job) });
  }

  #take({ tab }: Letter, job: Job): void {
    if (job.node_errors !== undefined) {
      const errors = readProblems(job.node_errors);
      this.#book.fold(tab, { kind: 'found', job: job.id, errors, problem: null, isTaken: true });
    }
  }

  #refuse({ tab, job }: Letter, error: ApiError): void {
    const errors = readProblems(error.nodeErrors);
    const whole = { sentence: error.message, kind: '', input: null, traceback: [], inputs: null };
    const problem = errors.size > 0 ? null : whole;
    this.#book.fold(tab, { kind: 'found', job: job.id, errors, problem, isTaken: false });
  }
}
