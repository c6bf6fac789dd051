/** The text of notes: nodes that only editors know, whose one value stands in the file without a name. */

import { rawValue, setRawValue } from '../../core/edits/raw-value.ts';
import type { GraphNode, NodeId, Path, Workflow } from '../../core/graph.ts';

/** Return what a note says. */
export function noteText(node: GraphNode): string {
  const value = Array.isArray(node.rawWidgets) ? rawValue(node) : node.widgets['text'];
  return typeof value === 'string' ? value : '';
}

/** Return the workflow with another text in a note. */
export function setNoteText(workflow: Workflow, path: Path, id: NodeId, text: string): Workflow {
  return setRawValue(workflow, path, id, text);
}
