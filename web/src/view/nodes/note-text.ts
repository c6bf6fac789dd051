/** The text of notes: nodes that only editors know, whose one value stands in the file without a name. */

import { editNodes } from '../../core/edits/draft.ts';
import type { GraphNode, Json, NodeId, Path, Workflow } from '../../core/graph.ts';

/** Return what a note says. */
export function noteText({ rawWidgets, widgets }: GraphNode): string {
  const value: Json | undefined = Array.isArray(rawWidgets)
    ? (rawWidgets[0] as Json | undefined)
    : widgets['text'];
  return typeof value === 'string' ? value : '';
}

/** Return the workflow with another text in a note. */
export function setNoteText(workflow: Workflow, path: Path, id: NodeId, text: string): Workflow {
  return editNodes(workflow, path, [id], (node) => {
    if (noteText(node) === text) return node;
    const others: readonly Json[] = Array.isArray(node.rawWidgets) ? node.rawWidgets.slice(1) : [];
    return { ...node, rawWidgets: [text, ...others] };
  });
}
