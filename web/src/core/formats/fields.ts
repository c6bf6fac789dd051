/**
 * Read values of a document with care: what is not as expected becomes a sentence that names the place.
 *
 *     wantObject([1], 'nodes[2]'); // FormatError: nodes[2] is a list; an object was expected.
 */

import { isNumber } from '../exact.ts';
import type { Json, JsonObject, Point } from '../graph.ts';

/** A document is none that can be opened; the message is a sentence for the user. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** Return an object of the document; FormatError if it is something else. */
export function wantObject(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value;
  throw unexpected(value, place, 'an object');
}

/** Return a list of the document, an empty one for null. */
export function wantList(value: unknown, place: string): readonly Json[] {
  if (value === null || value === undefined) return [];
  if (isList(value)) return value;
  throw unexpected(value, place, 'a list');
}

/** Return a text that is not empty. */
export function wantText(value: unknown, place: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw unexpected(value, place, 'a text');
}

/** Return an id, a whole number or a text, as a text. */
export function wantId(value: unknown, place: string): string {
  const id = idOf(value);
  if (id !== null) return id;
  throw unexpected(value, place, 'an id (a whole number or a text)');
}

/** Return the number of a slot; some documents write it as a text. */
export function wantIndex(value: unknown, place: string): number {
  const index = indexOf(value);
  if (index !== null) return index;
  throw unexpected(value, place, 'the number of a slot');
}

/** Return an id as a text; null if the value is none. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Return the number of a slot; null if the value is none. */
export function indexOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,8}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : null;
}

/** Return a text that is not empty; null for everything else. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Return two numbers from `[x, y]` or `{"0": x, "1": y}`; null if the value is neither. */
export function pairOf(value: unknown): Point | null {
  const [x, y] = isList(value) ? value : isObject(value) ? [value['0'], value['1']] : [];
  return isNumber(x) && isNumber(y) ? [Number(x), Number(y)] : null;
}

/** Return the word for a JSON value: `a list`, `missing or null` … */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'missing or null';
  if (value === '') return 'an empty text';
  if (isList(value)) return 'a list';
  const words = {
    boolean: 'true or false',
    string: 'a text',
    number: 'a number',
    bigint: 'a number',
    object: 'an object',
  };
  return words[typeof value as keyof typeof words] ?? typeof value;
}

/** Return the error for a value of the wrong kind. */
export function unexpected(value: unknown, place: string, wanted: string): FormatError {
  return new FormatError(`${place} is ${kindOf(value)}; ${wanted} was expected.`);
}
