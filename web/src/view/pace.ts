/** How the camera moves: what a frame may do besides showing the same picture elsewhere depends on it. */

import type { Camera } from '../core/editor.ts';

export type Pace = 'rest' | 'slow' | 'fast' | 'zoom';

const SLOW = 10; // pixels in a frame

/** Return the pace of a camera that is somewhere else than in the frame before. */
export function paceOf(before: Camera, now: Camera): Pace {
  if (now.zoom !== before.zoom) return 'zoom';
  const distance = Math.hypot(now.x - before.x, now.y - before.y) * now.zoom;
  return distance <= SLOW ? 'slow' : 'fast';
}
