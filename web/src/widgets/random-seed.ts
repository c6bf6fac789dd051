/** Seeds by chance. */

import type { WidgetSpec } from '../core/specs.ts';

const MOST = 2 ** 50; // larger seeds lose their last digits where numbers are doubles

/** Return a seed by chance, in the range of a widget. */
export function randomSeed({ min, max }: WidgetSpec, random: () => number = Math.random): number {
  const [least, most] = [Math.max(min ?? 0, -MOST), Math.min(max ?? MOST, MOST)];
  return least + Math.floor(random() * (most - least + 1));
}
