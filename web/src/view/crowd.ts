/** When the canvas alone shows what is in sight as well as the elements do. */

import { NOTE_TYPES } from '../core/geometry.ts';
import type { NodeId } from '../core/graph.ts';
import type { View } from './view.ts';

const MANY = 8;

/**
 * Say whether many nodes are in sight and none shows what only its element can: pictures, texts of runs, notes.
 * Scaling the picture of their elements each frame then takes longer than drawing them on the canvas now and then.
 */
export function isPlainCrowd(view: View): boolean {
  const seen = view.scene.nodesIn(view.visible());
  return seen.length >= MANY && seen.every((id) => isPlain(view, id));
}

function isPlain({ scene, extras }: View, id: NodeId): boolean {
  const placed = scene.nodes.get(id);
  const isNote = placed !== undefined && placed.spec === undefined && NOTE_TYPES.has(placed.node.type);
  return !isNote && (extras.value.get(id) ?? 0) === 0;
}
