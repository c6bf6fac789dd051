/**
 * JSON that keeps all digits of whole numbers: those that a double cannot hold are read as bigints and written as
 * numbers. Seeds go up to 2^64 - 1.
 *
 *     parseExact('{"seed": 18446744073709551615}'); // { seed: 18446744073709551615n }
 *     writeExact({ seed: 18446744073709551615n }); // '{"seed":18446744073709551615}'
 *
 * Everything else is as JSON.parse and JSON.stringify have it.
 */

import type { Json } from './graph.ts';

/** Larger than doubles are sure to hold, not larger than 64 bits may be. */
const LARGE = String.raw`-?\d{16,20}(?![\d.eE])`;
const MAYBE_LARGE = new RegExp(LARGE);
const TOKENS = new RegExp(String.raw`"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*`, 'g');
const WHOLE = new RegExp(`^${LARGE}$`);
const MARK = '\uf8ff integer '; // begins a text that stands for a number, in no document's words
const MARKED_TEXT = new RegExp(`^${MARK}-?\\d+$`);
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** Return the value of a JSON text; SyntaxError if it is none. */
export function parseExact(text: string): unknown {
  if (!MAYBE_LARGE.test(text)) return JSON.parse(text);
  return withBigints(
    JSON.parse(text.replace(TOKENS, (token) => (isLarge(token) ? `"${MARK}${token}"` : token))),
  );
}

/** Return the JSON text of a value. */
export function writeExact(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const marked = (_: string, each: unknown): unknown =>
      typeof each === 'bigint' ? `${MARK}${each}` : each;
    return JSON.stringify(value, marked, indent).replace(MARKED, '$1');
  }
}

/** Return a whole number as the editor keeps it: a bigint only where a double cannot hold it. */
export function exactInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Whether a value is a number, of either kind. */
export function isNumber(value: Json | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isLarge(token: string): boolean {
  return WHOLE.test(token) && !Number.isSafeInteger(Number(token));
}

/** Put bigints in the place of marked texts, in a value that nobody else has yet. */
function withBigints(value: unknown): unknown {
  if (typeof value === 'string') return MARKED_TEXT.test(value) ? BigInt(value.slice(MARK.length)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as { [key: string]: unknown };
  for (const key of Object.keys(fields)) {
    const inner = fields[key];
    const exact = withBigints(inner);
    if (exact !== inner) fields[key] = exact;
  }
  return value;
}
