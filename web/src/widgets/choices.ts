/**
 * Lists of choices: what is found in them and how they are shown, folder by folder.
 *
 *     rowsOf(['a.ckpt', 'sdxl/base.ckpt'], ''); // a.ckpt, the folder "sdxl", base.ckpt in it
 */

import { writeExact } from '../core/exact.ts';
import type { Json } from '../core/graph.ts';

export interface ChoiceRow {
  /** Null: the name of a folder, not to be chosen. */
  readonly index: number | null;
  /** The folder of what is shown, with its last stroke; '' if none. */
  readonly folder: string;
  readonly name: string;
}

/** Return a choice as text. */
export function textOf(choice: Json | undefined): string {
  if (choice === undefined || choice === null) return '';
  return typeof choice === 'object' ? writeExact(choice) : String(choice);
}

/** Return the place of a value among the choices; -1 if it is missing. */
export function placeOf(choices: readonly Json[], value: Json): number {
  const place = choices.indexOf(value);
  return place >= 0 ? place : choices.findIndex((choice) => textOf(choice) === textOf(value));
}

/** Return the rows of a list: folders with what is in them, or what a query finds, the best first. */
export function rowsOf(choices: readonly Json[], query: string): ChoiceRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = choices.map((choice, index) => ({ index, ...split(textOf(choice)) }));
  return words.length === 0 ? inFolders(rows) : found(rows, words);
}

function split(text: string): { folder: string; name: string } {
  const at = Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1;
  return at === text.length
    ? { folder: '', name: text }
    : { folder: text.slice(0, at), name: text.slice(at) };
}

function inFolders(rows: readonly ChoiceRow[]): ChoiceRow[] {
  const folders = new Map<string, ChoiceRow[]>([['', []]]); // what is in none comes first
  for (const row of rows) {
    const inside = folders.get(row.folder);
    if (inside === undefined) folders.set(row.folder, [row]);
    else inside.push(row);
  }
  return [...folders].flatMap(([folder, inside]) =>
    folder === '' ? inside : [{ index: null, folder, name: folder.slice(0, -1) }, ...inside],
  );
}

function found(rows: readonly ChoiceRow[], words: readonly string[]): ChoiceRow[] {
  const scored = rows.flatMap((row) => {
    const score = scoreOf(row, words);
    return score === null ? [] : [{ row, score }];
  });
  return scored.sort((one, other) => other.score - one.score).map(({ row }) => row);
}

/** Return how well a row has all the words, in its name better than in its folder; null if it lacks one. */
function scoreOf({ folder, name }: ChoiceRow, words: readonly string[]): number | null {
  const [inName, whole] = [name.toLowerCase(), (folder + name).toLowerCase()];
  let score = 0;
  for (const word of words) {
    if (!whole.includes(word)) return null;
    if (inName === word) score += 4;
    else if (inName.startsWith(word)) score += 3;
    else if (inName.includes(word)) score += 2;
  }
  return score;
}
