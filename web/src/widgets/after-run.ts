/** What happens to a widget's value after each run, as nodes keep it. */

import { controlKey } from '../core/formats/widget-slots.ts';
import type { GraphNode } from '../core/graph.ts';
import type { AfterRun } from './contract.ts';

const WAYS: readonly unknown[] = ['fixed', 'increment', 'decrement', 'randomize'] satisfies AfterRun[];

/** Return what happens to a widget's value after each run. */
export function afterRunOf(node: GraphNode, name: string): AfterRun {
  const way = node.widgets[controlKey(name)];
  return WAYS.includes(way) ? (way as AfterRun) : 'fixed';
}
