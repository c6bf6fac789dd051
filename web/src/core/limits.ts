/** The range of numbers, exact also where it goes beyond what a double can hold. */

import { exactInteger, isNumber } from './exact.ts';
import type { WidgetSpec } from './specs.ts';

/** Return the number in the range of a widget that is nearest to a value. */
export function inRange(value: number | bigint, spec: WidgetSpec): number | bigint {
  const [least, most] = [limit(spec, 'min'), limit(spec, 'max')];
  const limited = most !== null && value > most ? most : least !== null && value < least ? least : value;
  return typeof limited === 'bigint' ? exactInteger(limited) : limited;
}

/** Options keep the digits that `spec.max` as a double has lost. */
function limit(spec: WidgetSpec, side: 'min' | 'max'): number | bigint | null {
  const exact = spec.options[side];
  return isNumber(exact) ? exact : spec[side];
}
