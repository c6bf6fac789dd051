/** Where a node keeps what happens to a widget's value after each run: beside the value, as formats read it. */

import type { GraphNode } from '../core/graph.ts';
import type { AfterRun } from './contract.ts';

const WAYS: readonly unknown[] = ['fixed', 'increment', 'decrement', 'randomize'] satisfies AfterRun[];

/** Return the key of the way in `node.widgets`. */
export function afterRunKey(name: string): string {
  return `${name}:control_after_generate`;
}

/** Return what happens to a widget's value after each run. */
export function afterRunOf(node: GraphNode, name: string): AfterRun {
  const way = node.widgets[afterRunKey(name)];
  return WAYS.includes(way) ? (way as AfterRun) : 'fixed';
}
