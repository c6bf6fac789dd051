/** Numbers as users type them. */

import { evaluate } from '../core/arithmetic.ts';

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+\s*$/;

/** Return the number that a text means: a sum, or a number with a comma. Null if it means none. */
export function readNumber(text: string): number | null {
  return evaluate(DECIMAL_COMMA.test(text) ? text.replace(',', '.') : text);
}
