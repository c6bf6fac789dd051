/**
 * Texts that users read, by key and language. Each topic has its own pair of files in texts/ (`queue.en.ts`,
 * `queue.pt.ts`), found by their names; English is loaded at once and stands in for what another language lacks.
 *
 *     texts.t('file.saved', { name }); // "Saved {name}." filled in
 *     texts.t('outline.nodes', { count: 3 }); // looks for `outline.nodes.one` or `.other` first
 *
 * In components `t` follows the language by itself.
 */

import { createSubscriber } from 'svelte/reactivity';
import { Store } from '../core/store.ts';

export type Language = 'en' | 'pt';
export const LANGUAGES: readonly Language[] = ['en', 'pt'];

export type Catalogue = { readonly [key: string]: string };
/** A text in English or in several languages, of what is not in the catalogue. */
export type Label = string | { readonly en: string; readonly pt?: string };
export type Values = { readonly [name: string]: string | number };
type Part = { readonly default: Catalogue };

const ENGLISH = import.meta.glob<Part>(['./texts/en.ts', './texts/*.en.ts'], { eager: true });
const PORTUGUESE = import.meta.glob<Part>(['./texts/pt.ts', './texts/*.pt.ts']);

export class Texts {
  readonly language = new Store<Language>('en');
  readonly #english = joined(Object.values(ENGLISH));
  readonly #labels = new Store<ReadonlyMap<string, Label>>(new Map());
  readonly #follow = createSubscriber((update) => {
    const ends = [this.language.watch(update), this.#labels.watch(update)];
    return () => ends.forEach((end) => end());
  });
  #catalogue = this.#english;
  #plurals = new Intl.PluralRules('en');

  /** Change the language; the texts are loaded before components hear of it. */
  async use(language: Language): Promise<void> {
    this.#catalogue = { ...this.#english, ...(await catalogueOf(language)) };
    this.#plurals = new Intl.PluralRules(language);
    this.language.set(language);
  }

  /** Return the text of a key with `{name}` filled in; the key itself if there is none. */
  t(key: string, values: Values = {}): string {
    this.#follow();
    return filled(this.#textOf(key, values.count) ?? key, values);
  }

  /** Give a key a text that the catalogue does not have; returns what takes it away. */
  add(key: string, label: Label): () => void {
    this.#labels.update((all) => new Map(all).set(key, label));
    return () => this.#labels.update((all) => new Map([...all].filter(([each]) => each !== key)));
  }

  /** Return a label in the user's language. */
  of(label: Label): string {
    this.#follow();
    return typeof label === 'string' ? label : (label[this.language.value] ?? label.en);
  }

  /** Say whether a key has a text. */
  has(key: string): boolean {
    return this.#catalogue[key] !== undefined;
  }

  #textOf(key: string, count: string | number | undefined): string | undefined {
    const plural =
      typeof count === 'number' ? this.#catalogue[`${key}.${this.#plurals.select(count)}`] : undefined;
    return plural ?? this.#catalogue[key] ?? this.#catalogue[`${key}.other`] ?? this.#added(key);
  }

  #added(key: string): string | undefined {
    const label = this.#labels.value.get(key);
    return label === undefined ? undefined : this.of(label);
  }
}

/** Return the language of a list of wishes (`navigator.languages`) that there are texts for. */
export function languageFor(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const found = LANGUAGES.find((language) => wish.toLowerCase().startsWith(language));
    if (found !== undefined) return found;
  }
  return 'en';
}

/** Load the texts of one language, without what stands in for missing ones. */
export async function catalogueOf(language: Language): Promise<Catalogue> {
  if (language === 'en') return joined(Object.values(ENGLISH));
  return joined(await Promise.all(Object.values(PORTUGUESE).map((load) => load())));
}

function joined(parts: readonly Part[]): Catalogue {
  return Object.assign({}, ...parts.map((part) => part.default)) as Catalogue;
}

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
