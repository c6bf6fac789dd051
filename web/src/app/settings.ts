/**
 * Settings: what users choose, kept on the server under `Weft.*` so that every browser of theirs has it, and in this
 * browser for when the server cannot be reached.
 *
 * A setting is a constant that a file in settings/ exports; the settings panel shows all of them. Its texts are
 * `setting.<id>`, `setting.<id>.hint` (if there is one) and `setting.<id>.<choice>`.
 *
 *     settings.of(THEME).value; // 'system'
 *     settings.of(THEME).set('light'); // saved
 */

import { parseExact, writeExact } from '../core/exact.ts';
import type { Json, JsonObject } from '../core/graph.ts';
import { Store } from '../core/store.ts';

export type Control =
  | { readonly kind: 'toggle' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly step: number }
  | { readonly kind: 'text' }
  /** Not in the list of settings: kept for a panel of its own. */
  | { readonly kind: 'hidden' };

export interface Setting<T extends Json> {
  /** `Weft.Group.Name`; the middle part is the heading in the list. */
  readonly id: string;
  readonly default: T;
  readonly control: Control;
}

/** Where settings are kept: the server, as net/api.ts reaches it. */
export interface SettingsKeeper {
  load(): Promise<JsonObject>;
  save(values: JsonObject): Promise<void>;
}

const SAVE_AFTER_MS = 400;
const LOCAL_KEY = 'weft.settings';

export class Settings {
  readonly #known = new Map<string, { readonly setting: Setting<Json>; readonly store: Store<Json> }>();
  readonly #changed = new Set<string>();
  #values: JsonObject;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly keeper: SettingsKeeper,
    private readonly local: Pick<Storage, 'getItem' | 'setItem'>,
  ) {
    this.#values = readLocal(local);
  }

  /** Ask the server; what it says wins over what this browser knew. Without a server the browser's stay. */
  async load(): Promise<void> {
    const values = await this.keeper.load();
    const own = Object.fromEntries([...this.#changed].map((id) => [id, this.#values[id] ?? null]));
    this.#values = { ...this.#values, ...values, ...own };
    for (const { setting, store } of this.#known.values()) {
      const value = this.#values[setting.id];
      if (isLike(value, setting)) store.set(value as Json);
    }
  }

  /** Return the store of a setting; setting it saves it. */
  of<T extends Json>(setting: Setting<T>): Store<T> {
    const known = this.#known.get(setting.id);
    if (known !== undefined) return known.store as unknown as Store<T>;
    const kept = this.#values[setting.id];
    const store = new Store<T>(isLike(kept, setting) ? (kept as T) : setting.default);
    this.#known.set(setting.id, { setting, store: store as unknown as Store<Json> });
    store.watch((value) => this.#keep(setting.id, value));
    return store;
  }

  /** Save what waits to be saved. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const values = Object.fromEntries([...this.#changed].map((id) => [id, this.#values[id] ?? null]));
    this.#changed.clear();
    if (Object.keys(values).length > 0) await this.keeper.save(values);
  }

  #keep(id: string, value: Json): void {
    if (same(this.#values[id], value)) return; // it came from the server
    this.#values = { ...this.#values, [id]: value };
    this.#changed.add(id);
    writeLocal(this.local, this.#values);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush().catch(() => {}), SAVE_AFTER_MS); // this browser has it anyway
  }
}

/** Say whether a kept value can be this setting's: of its type, and one of its choices. */
function isLike<T extends Json>(
  value: Json | undefined,
  { default: standard, control }: Setting<T>,
): boolean {
  if (value === undefined || value === null) return false;
  if (control.kind === 'choice') return typeof value === 'string' && control.choices.includes(value);
  return typeof value === typeof standard && Array.isArray(value) === Array.isArray(standard);
}

function same(one: Json | undefined, other: Json): boolean {
  return writeExact(one) === writeExact(other);
}

function readLocal(local: Pick<Storage, 'getItem'>): JsonObject {
  try {
    return parseExact(local.getItem(LOCAL_KEY) ?? '{}') as JsonObject;
  } catch {
    return {}; // storage that is forbidden or broken is as good as none
  }
}

function writeLocal(local: Pick<Storage, 'setItem'>, values: JsonObject): void {
  try {
    local.setItem(LOCAL_KEY, writeExact(values));
  } catch {
    // full or forbidden: the server has them
  }
}
