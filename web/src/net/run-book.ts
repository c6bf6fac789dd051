/** RunBook: what is known of the runs of each tab. It folds what happens into states and lets go of pictures. */

import { derived } from '../core/derived.ts';
import type { NodeId, Path } from '../core/graph.ts';
import type { NodeKey } from '../core/run-messages.ts';
import { after, isOver, NO_RUN, type RunAction, type RunPhase, type RunState } from '../core/run-state.ts';
import { isSameView, keyOf, viewOf, type NodeView } from '../core/run-view.ts';
import { Store, type Readable } from '../core/store.ts';

/** A job of this window that is over. */
export interface Ending {
  readonly job: string;
  readonly tab: string;
  readonly phase: RunPhase;
}

interface Page {
  readonly state: Store<RunState>;
  readonly views: Map<NodeKey, Readable<NodeView>>;
}

export class RunBook {
  readonly #pages = new Map<string, Page>();
  readonly #listeners = new Set<(ending: Ending) => void>();

  constructor(private readonly urls: Pick<typeof URL, 'createObjectURL' | 'revokeObjectURL'>) {}

  of(tab: string): Readable<RunState> {
    return this.#page(tab).state;
  }

  /** What is to be seen at a node of a level; the same store each time. */
  node(tab: string, path: Path, node: NodeId): Readable<NodeView> {
    const { state, views } = this.#page(tab);
    const key = keyOf(path, node);
    const view = views.get(key) ?? derived(state, (now) => viewOf(now, key), isSameView);
    views.set(key, view);
    return view;
  }

  /** Whether a job runs and is the one that its tab shows. */
  runs(tab: string, job: string): boolean {
    const { value } = this.of(tab);
    return value.job === job && value.phase === 'running';
  }

  /** The newest jobs of the tabs that are not over, by tab. */
  awaited(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const [tab, { state }] of this.#pages) {
      const { job, phase } = state.value;
      if (job !== null && (phase === 'queued' || phase === 'running')) found.set(tab, job);
    }
    return found;
  }

  fold(tab: string, action: RunAction): void {
    const store = this.#page(tab).state;
    const before = store.value;
    const now = after(before, action);
    store.set(now);
    this.#release(before, now);
    const isTold = action.kind === 'message' || action.kind === 'known'; // one that is refused never began
    const hasEnded = isTold && now.job !== null && now.job === before.job && isOver(now) && !isOver(before);
    if (!hasEnded) return;
    const ending = { job: now.job as string, tab, phase: now.phase };
    for (const listener of [...this.#listeners]) listener(ending);
  }

  /** Show a picture of work in progress at a node. */
  preview(tab: string, job: string, node: NodeKey, picture: Blob): void {
    const url = this.urls.createObjectURL(picture);
    this.fold(tab, { kind: 'preview', job, node, url });
    const isShown = this.of(tab).value.previews.get(node) === url;
    if (!isShown) this.urls.revokeObjectURL(url);
  }

  onEnd(listener: (ending: Ending) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  forget(tab: string): void {
    const page = this.#pages.get(tab);
    if (page !== undefined) this.#release(page.state.value, NO_RUN);
    this.#pages.delete(tab);
  }

  #page(tab: string): Page {
    const page = this.#pages.get(tab) ?? { state: new Store(NO_RUN), views: new Map() };
    this.#pages.set(tab, page);
    return page;
  }

  #release(before: RunState, now: RunState): void {
    if (now.previews === before.previews) return;
    const kept = new Set(now.previews.values());
    for (const url of before.previews.values()) if (!kept.has(url)) this.urls.revokeObjectURL(url);
  }
}
