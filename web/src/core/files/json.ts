/** JSON texts, read with a sentence for what is wrong. */

import { parseExact } from '../exact.ts';
import { FormatError } from '../formats/fields.ts';

/** Python writes numbers that JSON does not have; they stand outside of texts. */
const NO_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Return the value of a JSON text; FormatError if it is none. NaN and Infinity, which Python writes, become null. */
export function parseJson(text: string): unknown {
  const readable = text.replace(/^\ufeff/, '');
  try {
    return parseExact(readable);
  } catch (error) {
    if (!/NaN|Infinity/.test(readable)) throw notJson(error);
  }
  try {
    return parseExact(readable.replace(NO_NUMBERS, (found) => (found.startsWith('"') ? found : 'null')));
  } catch (error) {
    throw notJson(error);
  }
}

function notJson(error: unknown): FormatError {
  return new FormatError(`This is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
}
