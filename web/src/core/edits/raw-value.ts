/** The value of a node that only editors know (a note, a PrimitiveNode): it stands in the file without a name, first. */

import type { GraphNode, Json, NodeId, Path, Workflow } from '../graph.ts';
import { editNodes } from './draft.ts';

export function rawValue({ rawWidgets }: GraphNode): Json | undefined {
  return Array.isArray(rawWidgets) ? (rawWidgets[0] as Json | undefined) : undefined;
}

/** Return the workflow with another value in such a node; what stands behind the value stays. */
export function setRawValue(workflow: Workflow, path: Path, id: NodeId, value: Json): Workflow {
  return editNodes(workflow, path, [id], (node) => {
    if (rawValue(node) === value) return node;
    const others: readonly Json[] = Array.isArray(node.rawWidgets) ? node.rawWidgets.slice(1) : [];
    return { ...node, rawWidgets: [value, ...others] };
  });
}
