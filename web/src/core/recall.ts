/**
 * Takes values of a job that ran into the workflow that is open: its seeds, or its texts. A value goes to the node with
 * the same id and type; those that find none go to nodes of their type that got none, in order.
 */

import { isNumber } from './exact.ts';
import { setWidget } from './edits/widgets.ts';
import { graphAt, type GraphNode, type Json, type JsonObject, type Path, type Workflow } from './graph.ts';
import type { NodeKey } from './run-messages.ts';
import { keyOf, placeOf } from './run-view.ts';
import type { Specs, WidgetKind } from './specs.ts';

export type RecallKind = 'seed' | 'text';

/** A value that a job ran with. */
export interface RanValue {
  readonly key: NodeKey;
  readonly type: string;
  readonly input: string;
  readonly value: Json;
}

const KINDS: { readonly [kind in RecallKind]: ReadonlySet<WidgetKind> } = {
  seed: new Set(['seed']),
  text: new Set(['multiline']),
};

/** Return the seeds or texts of an API document. Empty texts are none. */
export function ranValues(prompt: JsonObject, specs: Specs, kind: RecallKind): readonly RanValue[] {
  return Object.entries(prompt).flatMap(([key, node]) => {
    const { class_type: type, inputs } = node as { class_type?: string; inputs?: JsonObject };
    const wanted = specs
      .get(type ?? '')
      ?.inputs.filter(({ widget }) => widget !== null && KINDS[kind].has(widget.kind));
    return (wanted ?? []).flatMap(({ name }) => {
      const value = inputs?.[name];
      const isPlain = isNumber(value) || (typeof value === 'string' && value !== '');
      return isPlain ? [{ key, type: type as string, input: name, value }] : [];
    });
  });
}

/** Return the workflow with the values in it; the same workflow if none has a place. */
export function recall(workflow: Workflow, values: readonly RanValue[]): Workflow {
  const nodes = nodesOf(workflow, [], new Set());
  const taken = new Set<NodeKey>();
  const exact = values.filter(({ key, type }) => nodes.get(key)?.type === type);
  for (const { key } of exact) taken.add(key);
  let now = exact.reduce((all, each) => withValue(all, each.key, each), workflow);
  for (const each of values.filter((value) => !exact.includes(value))) {
    const found = [...nodes].find(([key, node]) => node.type === each.type && !taken.has(key))?.[0];
    if (found === undefined) continue;
    taken.add(found);
    now = withValue(now, found, each);
  }
  return now;
}

function withValue(workflow: Workflow, key: NodeKey, { input, value }: RanValue): Workflow {
  const { path, node } = placeOf(key);
  return setWidget(workflow, path, node, input, value);
}

/** Return all nodes by their keys in the flat workflow. */
function nodesOf(
  workflow: Workflow,
  path: Path,
  above: ReadonlySet<string>,
): ReadonlyMap<NodeKey, GraphNode> {
  const found = new Map<NodeKey, GraphNode>();
  for (const node of graphAt(workflow, path).nodes.values()) {
    found.set(keyOf(path, node.id), node);
    if (!workflow.subgraphs.has(node.type) || above.has(node.type)) continue;
    for (const [key, inner] of nodesOf(workflow, [...path, node.id], new Set([...above, node.type])))
      found.set(key, inner);
  }
  return found;
}
