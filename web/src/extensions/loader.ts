/**
 * Loader: brings the scripts of packs into the page, and takes those away whose packs were changed or removed. A script that
 * cannot be loaded is told and left out; the others, and the editor, go on.
 *
 *     const loader = new Loader(app);
 *     await loader.refresh(); // and again when the server says that packs have changed
 */

import type { App } from '../app/context.ts';
import type { EditorExtension } from '../net/api.ts';
import type { Extension1 } from '../../types/weft-editor.d.ts';
import { Keeper, type Problem } from './keeper.ts';

/** The newest version of the API. */
export const NEWEST_API = 1;
const LONGEST_START_MS = 10_000;

interface Loaded {
  readonly version: string;
  readonly keepers: readonly Keeper[];
}

export interface LoaderParts {
  readonly load: (url: string) => Promise<Partial<Extension1> & { readonly default?: unknown }>;
  readonly tell: (problem: Problem) => void;
}

export class Loader {
  readonly #loaded = new Map<string, Loaded>();
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly app: App,
    private readonly parts: LoaderParts,
  ) {}

  /** Have all scripts be as the server has them now; one call after another. */
  refresh(): Promise<void> {
    this.#last = this.#last.then(() => this.#refresh());
    return this.#last;
  }

  /** Return the keeper of the script that an address in a stack or an event is of. */
  keeperAt(text: string): Keeper | undefined {
    const pack = /\/editor-extensions\/([^/]+)\//.exec(text)?.[1];
    return pack === undefined ? undefined : this.#loaded.get(decodeURIComponent(pack))?.keepers[0];
  }

  async #refresh(): Promise<void> {
    const found = await this.app.api.editorExtensions().catch(() => null); // they stay as they are while the server is away
    if (found === null) return;
    const versions = new Map(found.map(({ pack, version }) => [pack, version]));
    for (const [pack, { version, keepers }] of this.#loaded) {
      if (versions.get(pack) === version) continue;
      this.#loaded.delete(pack);
      for (const keeper of keepers) keeper.end();
    }
    const wanted = found.filter(({ pack }) => !this.#loaded.has(pack));
    await Promise.all(wanted.map((extension) => this.#load(extension)));
  }

  async #load({ pack, version, scripts }: EditorExtension): Promise<void> {
    const keepers = scripts.map((script) => new Keeper(pack, script, this.parts.tell));
    this.#loaded.set(pack, { version, keepers });
    for (const [at, script] of scripts.entries()) {
      const url = this.app.api.editorExtensionUrl(pack, version, script);
      await this.#start(keepers[at] as Keeper, url);
    }
  }

  async #start(keeper: Keeper, url: string): Promise<void> {
    try {
      const [module, { makeWeft1 }] = await Promise.all([this.parts.load(url), import('./api-1.ts')]);
      const activate = activateOf(module);
      const weft = makeWeft1(this.app, keeper, url);
      const end = await inTime(Promise.resolve(activate(weft)));
      if (typeof end === 'function') keeper.owns(end);
    } catch (error) {
      keeper.report('its start', error);
    }
  }
}

/** Return the function that a module is started by; an Error says what is missing. */
function activateOf(module: Partial<Extension1> & { readonly default?: unknown }): Extension1['activate'] {
  const { api = 1, activate = module.default } = module as {
    api?: unknown;
    activate?: unknown;
    default?: unknown;
  };
  if (api !== NEWEST_API)
    throw new Error(`It is written for version ${String(api)} of the API; this editor has ${NEWEST_API}.`);
  if (typeof activate !== 'function')
    throw new Error('It exports no function `activate`; one that only helps others belongs into a folder.');
  return activate as Extension1['activate'];
}

/** Wait for a start, but not for ever: other scripts of the pack wait for it. */
function inTime<T>(started: Promise<T>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), LONGEST_START_MS));
  return Promise.race([started, late]);
}
