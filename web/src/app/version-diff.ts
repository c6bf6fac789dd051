/** Says in words what changed from one workflow to another. */

import type { GraphNode, Workflow } from '../core/graph.ts';
import type { App } from './context.ts';

export interface ShownChange {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly text: string;
}

/** Placeholder comparison by node. */
export function diffOf(app: App, before: Workflow, after: Workflow): readonly ShownChange[] {
  const title = (node: GraphNode): string =>
    `${node.title ?? app.specs.value.get(node.type)?.title ?? node.type} #${node.id}`;
  const added = [...after.root.nodes.values()].filter(({ id }) => !before.root.nodes.has(id));
  const removed = [...before.root.nodes.values()].filter(({ id }) => !after.root.nodes.has(id));
  return [
    ...added.map((node): ShownChange => ({ kind: 'added', text: title(node) })),
    ...removed.map((node): ShownChange => ({ kind: 'removed', text: title(node) })),
  ];
}
