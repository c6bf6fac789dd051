/**
 * Going from node to node with the arrow keys: the nearest one in a direction.
 *
 *     nextTowards('right', bounds.get('3'), others); // '7'
 */

import type { Rect } from './graph.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

const ASIDE = 2.5; // what lies aside counts as this much farther

/** Return the key of the rectangle to go to; null if none lies in this direction. */
export function nextTowards<K>(
  direction: Direction,
  from: Rect,
  others: Iterable<readonly [K, Rect]>,
): K | null {
  let best: { key: K; far: number } | null = null;
  for (const [key, rect] of others) {
    const far = wayTo(direction, from, rect);
    if (far !== null && far < (best?.far ?? Infinity)) best = { key, far };
  }
  return best === null ? null : best.key;
}

/** Return how far a rectangle is in a direction; null if its middle does not lie there. */
function wayTo(direction: Direction, from: Rect, to: Rect): number | null {
  const dx = to.x + to.width / 2 - from.x - from.width / 2;
  const dy = to.y + to.height / 2 - from.y - from.height / 2;
  const isAcross = direction === 'left' || direction === 'right';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  const ahead = (isAcross ? dx : dy) * sign;
  const aside = Math.abs(isAcross ? dy : dx);
  return ahead <= 0 || aside > ahead * 4 ? null : ahead + aside * ASIDE;
}
