/**
 * Drafts: every open workflow is kept in this browser as it is edited, so that a crash, a kill or a closed window
 * loses nothing. At the start the windows that are gone give their workflows to this one.
 *
 * Each window is a session (see sessions.ts).
 */

import { EMPTY_WORKFLOW, type JsonObject, type Path } from '../core/graph.ts';
import type { Camera } from '../core/editor.ts';
import type { App } from './context.ts';
import type { Database } from './database.ts';
import { readDocument, writeDocument } from './formats.ts';
import type { Sessions } from './sessions.ts';
import { randomId, type Opening, type Tab } from './tabs.ts';

interface Draft {
  /** The tab's. */
  readonly id: string;
  readonly session: string;
  readonly place: number;
  readonly isShown: boolean;
  readonly name: string;
  readonly file: string | null;
  readonly isUnsaved: boolean;
  readonly content: JsonObject;
  readonly saved: JsonObject | null;
  readonly path: Path;
  readonly camera: Camera;
  readonly at: number;
}

const AFTER_MS = 700;
const VERSION_EVERY_MS = 4 * 60_000;
const SESSION_KEY = 'weft.session';

export class Drafts {
  readonly #session = randomId();
  readonly #written = new Map<string, unknown>();
  #versionAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly app: App,
    private readonly database: () => Promise<Database | null>,
    private readonly sessions: Sessions,
  ) {}

  /** Open what windows that are gone had open. Returns how many of them had unsaved changes. */
  async recover(): Promise<number> {
    const database = await this.database();
    if (database === null) return 0;
    const mine = sessionStorage.getItem(SESSION_KEY);
    const alive = await this.sessions.alive();
    await this.sessions.hold(this.#session);
    sessionStorage.setItem(SESSION_KEY, this.#session);
    const all = await database.all<Draft>('drafts');
    const gone = all.filter(({ session }) => !alive.has(session));
    const found = inOrder(gone, mine).flatMap((draft) => this.#opening(draft) ?? []);
    const shown = found.findIndex(({ draft }) => draft.isShown);
    this.app.tabs.restore(
      found.map(({ opening }) => opening),
      Math.max(0, shown),
    );
    for (const { draft } of found)
      this.app.tabs.all.value.find(({ id }) => id === draft.id)?.editor.camera.set(draft.camera);
    await this.save();
    return found.filter(({ draft }) => draft.isUnsaved).length;
  }

  /** Keep drafts from now on: soon after each change, and when the page goes. */
  watch(): void {
    const ends = new Map<Tab, () => void>();
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.save(), AFTER_MS);
    };
    const follow = (tabs: readonly Tab[]): void => {
      for (const tab of tabs) if (!ends.has(tab)) ends.set(tab, watchTab(tab, later));
      for (const [tab, end] of ends) {
        if (tabs.includes(tab)) continue;
        end();
        ends.delete(tab);
      }
      later();
    };
    this.app.tabs.all.watch(follow);
    this.app.tabs.current.watch(later);
    follow(this.app.tabs.all.value);
    addEventListener('pagehide', () => void this.save());
    document.addEventListener('visibilitychange', () => void (document.hidden && this.save()));
  }

  /** Write what changed, and drop the drafts of tabs that are closed. */
  async save(): Promise<void> {
    const database = await this.database();
    if (database === null) return;
    const tabs = this.app.tabs.all.value.filter(isWorthIt);
    const shown = this.app.tabs.current.value;
    const changed = tabs
      .map((tab, place) => ({ tab, place, isShown: tab === shown }))
      .filter((each) => this.#isNew(each));
    await Promise.all(changed.map((each) => database.put('drafts', this.#draft(each))));
    const closed = [...this.#written.keys()].filter((id) => !tabs.some((tab) => tab.id === id));
    for (const id of closed) this.#written.delete(id);
    await database.delete('drafts', closed);
    await this.#keepVersion(shown);
  }

  #isNew({ tab, place, isShown }: Shown): boolean {
    const { editor } = tab;
    const state = [editor.history.present.value, editor.saved.value, editor.file.value, editor.camera.value];
    const mark = JSON.stringify([place, isShown, tab.name.value]);
    const before = this.#written.get(tab.id) as { state: unknown[]; mark: string } | undefined;
    if (before?.mark === mark && state.every((each, at) => each === before.state[at])) return false;
    this.#written.set(tab.id, { state, mark });
    return true;
  }

  #draft({ tab, place, isShown }: Shown): Draft {
    const { editor } = tab;
    const specs = this.app.specs.value;
    return {
      id: tab.id,
      session: this.#session,
      place,
      isShown,
      name: tab.name.value,
      file: editor.file.value,
      isUnsaved: editor.isUnsaved,
      content: writeDocument(editor.workflow, specs),
      saved: editor.isUnsaved ? writeDocument(editor.saved.value, specs) : null,
      path: editor.path,
      camera: editor.camera.value,
      at: Date.now(),
    };
  }

  #opening(draft: Draft): { readonly draft: Draft; readonly opening: Opening } | null {
    const { id, name, file, content, saved, path } = draft;
    try {
      const workflow = readDocument(content, this.app.specs.value);
      const opening = { id, name, file, workflow, path };
      if (saved === null) return { draft, opening };
      return { draft, opening: { ...opening, saved: readDocument(saved, this.app.specs.value) } };
    } catch {
      return null; // a draft that cannot be read stays in the database and is tried again
    }
  }

  async #keepVersion(tab: Tab): Promise<void> {
    if (!tab.editor.isUnsaved || Date.now() - this.#versionAt < VERSION_EVERY_MS) return;
    this.#versionAt = Date.now();
    const content = writeDocument(tab.editor.workflow, this.app.specs.value);
    await this.app.versions.keep(tab.editor.file.value ?? tab.id, content, 'edited');
  }
}

interface Shown {
  readonly tab: Tab;
  readonly place: number;
  readonly isShown: boolean;
}

/** An empty workflow that nobody touched is not kept. */
function isWorthIt({ editor }: Tab): boolean {
  return editor.workflow !== EMPTY_WORKFLOW || editor.isUnsaved || editor.file.value !== null;
}

/** This window's own come first, as they stood in the row. */
function inOrder(drafts: readonly Draft[], mine: string | null): Draft[] {
  const rank = ({ session }: Draft): number => (session === mine ? 0 : 1);
  return [...drafts].sort(
    (one, other) =>
      rank(one) - rank(other) || one.session.localeCompare(other.session) || one.place - other.place,
  );
}

function watchTab(tab: Tab, later: () => void): () => void {
  const { history, saved, file, camera } = tab.editor;
  const ends = [
    history.present.watch(later),
    saved.watch(later),
    file.watch(later),
    camera.watch(later),
    tab.name.watch(later),
  ];
  return () => ends.forEach((end) => end());
}
