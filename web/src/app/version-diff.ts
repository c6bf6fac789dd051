/** Says in words what changed from one workflow to another. */

import { writeExact } from '../core/exact.ts';
import { diffOf, type Change, type DiffLink } from '../core/diff.ts';
import type { GraphNode, Json, Workflow } from '../core/graph.ts';
import type { App } from './context.ts';

export interface ShownChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly text: string;
}

const LONGEST = 60;

/** Return a sentence for each change, places left out. */
export function changesOf(app: App, before: Workflow, after: Workflow): readonly ShownChange[] {
  const { texts, specs } = app;
  const diff = diffOf(before, after);
  const title = (node: GraphNode): string =>
    `${node.title ?? specs.value.get(node.type)?.title ?? node.type} #${node.id}`;
  const link = ({ from, to }: DiffLink): string => `#${from.node} ${from.output} → #${to.node} ${to.input}`;
  const say = (kind: ShownChange['kind'], key: string, name: string): ShownChange => ({
    kind,
    text: texts.t(key, { name }),
  });
  const changed = diff.changed.flatMap(({ after: node, changes }) =>
    changes
      .filter(({ kind }) => kind !== 'place' && kind !== 'look')
      .map((change): ShownChange => ({ kind: 'changed', text: `${title(node)}: ${shown(app, change)}` })),
  );
  return [
    ...diff.added.map(({ node }) => say('added', 'versions.added', title(node))),
    ...diff.removed.map(({ node }) => say('removed', 'versions.removed', title(node))),
    ...changed,
    ...diff.addedLinks.map((each) => say('added', 'versions.linked', link(each))),
    ...diff.removedLinks.map((each) => say('removed', 'versions.unlinked', link(each))),
  ];
}

function shown({ texts }: App, { kind, name, before, after }: Change): string {
  const what = kind === 'title' ? texts.t('edit.title') : kind === 'mode' ? texts.t('versions.mode') : name;
  return `${what} ${valueOf(before)} → ${valueOf(after)}`;
}

function valueOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '–';
  const text = typeof value === 'string' ? value : writeExact(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
