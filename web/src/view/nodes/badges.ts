/** The small marks in the header of a node: what it is, what a run makes of it, how the last one went. */

import type { GraphNode } from '../../core/graph.ts';
import type { NodeView } from '../../core/run-view.ts';
import type { NodeSpec } from '../../core/specs.ts';
import type { IconName } from '../../ui/icons.ts';

export interface Badge {
  /** Of its text in the catalogue. */
  readonly key: string;
  readonly values: { readonly [name: string]: string | number };
  readonly icon: IconName | null;
  readonly text: string;
  readonly tone: 'plain' | 'danger' | 'warning' | 'success';
}

/** Return the marks of a node, the ones that matter most last, at the edge. */
export function badgesOf(node: GraphNode, spec: NodeSpec | undefined, seen: NodeView): Badge[] {
  const badges: Badge[] = [];
  const add = (
    key: string,
    icon: IconName | null,
    tone: Badge['tone'] = 'plain',
    text = '',
    values = {},
  ): void => {
    badges.push({ key: `node.badge.${key}`, values, icon, text, tone });
  };
  if (spec?.isDeprecated) add('deprecated', 'info', 'warning');
  if (spec?.isExperimental) add('experimental', 'star');
  if (node.isPinned) add('pinned', 'pin');
  if (spec?.isOutput) add('output', 'eye');
  if (node.mode === 'mute') add('mute', 'pause');
  if (node.mode === 'bypass') add('bypass', 'redo');
  const { run } = seen;
  if (run?.phase === 'cached') add('cached', 'history');
  if (run?.phase === 'waiting') add('waiting', 'more');
  if (run?.phase === 'done' && run.seconds === null) add('done', 'check', 'success');
  if (run?.seconds != null)
    add('seconds', null, 'plain', shownSeconds(run.seconds), { seconds: shownSeconds(run.seconds) });
  if (seen.errors.length > 0 || run?.phase === 'error') add('error', 'errors', 'danger');
  return badges;
}

/** Return a time as it fits a header: "0.04 s", "12.3 s", "2:05". */
export function shownSeconds(seconds: number): string {
  if (seconds >= 60)
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
  return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
}
