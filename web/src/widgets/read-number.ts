/** Numbers as users type them. */

import { evaluate } from '../core/arithmetic.ts';
import { exactInteger } from '../core/exact.ts';

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+\s*$/;

const WHOLE = /^\s*[+-]?\d{1,20}\s*$/;

/** Return the number that a text means: a sum, or a number with a comma. Null if it means none. Whole ones are exact. */
export function readNumber(text: string): number | bigint | null {
  if (WHOLE.test(text)) return exactInteger(BigInt(text.trim().replace(/^\+/, '')));
  return evaluate(DECIMAL_COMMA.test(text) ? text.replace(',', '.') : text);
}
