/** What passes through a node that is left out: which input stands for which output. */

import type { GraphNode } from '../graph.ts';
import { fits } from '../types.ts';

/**
 * Return the input that a bypassed node passes on to an output for a target of type `wanted`; null if none fits.
 * The input beside the output comes first, then one of exactly the wanted type, then the first that fits.
 */
export function bypassSlot(node: GraphNode, output: number, wanted: string): number | null {
  const { inputs } = node;
  if (wanted === '*') {
    if (inputs.length === 0) return null;
    return output < inputs.length ? output : 0;
  }
  const given = node.outputs[output]?.type ?? '*';
  const fitting = [...inputs.keys()].filter((index) => {
    const type = inputs[index]?.type ?? '*';
    return fits(type, given) && fits(type, wanted);
  });
  if (fitting.includes(output)) return output;
  return fitting.find((index) => inputs[index]?.type === wanted) ?? fitting[0] ?? null;
}

interface Typed {
  readonly type: string;
}

/** Return the first slot that fits a type, one of exactly that type before others. */
export function fittingSlot<Slot extends Typed>(
  slots: readonly Slot[],
  type: string,
  isFree: (slot: Slot) => boolean = () => true,
): number | null {
  const free = [...slots.keys()].filter((index) => {
    const slot = slots[index];
    if (slot === undefined || !isFree(slot)) return false;
    return 'link' in slot ? fits(type, slot.type) : fits(slot.type, type);
  });
  return free.find((index) => slots[index]?.type === type) ?? free[0] ?? null;
}
