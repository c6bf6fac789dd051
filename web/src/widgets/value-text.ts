/** What a widget shows of its value, as text. */

import type { Json } from '../core/graph.ts';
import type { WidgetSpec } from '../core/specs.ts';
import { textOf } from './choices.ts';
import { shownNumber } from './number.ts';

export function valueText(value: Json, spec: WidgetSpec): string {
  if (typeof value === 'number') return shownNumber(value, spec);
  if (spec.kind === 'toggle') return spec.labels[value === true ? 1 : 0];
  return textOf(value);
}
