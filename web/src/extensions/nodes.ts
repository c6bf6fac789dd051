/** Nodes and what runs do with them, as scripts see them. */

import type { Editor } from '../core/editor.ts';
import { titleOf } from '../core/geometry.ts';
import type { GraphNode } from '../core/graph.ts';
import { fractionOf, type NodeView } from '../core/run-view.ts';
import { specOf } from '../core/subgraphs/spec.ts';
import type { Node1, NodeRun1 } from '../../types/weft-editor.d.ts';

/** Return a node of the level that an editor shows. */
export function nodeNow(editor: Editor, node: GraphNode): Node1 {
  const spec = specOf(node, editor.workflow, editor.specs.value);
  return {
    id: node.id,
    type: node.type,
    title: titleOf(node, spec),
    position: node.pos,
    size: node.size,
    mode: node.mode,
    values: node.widgets,
    inputs: node.inputs.map(({ name, type, link }) => ({ name, type, isLinked: link !== null })),
    outputs: node.outputs.map(({ name, type, links }) => ({ name, type, isLinked: links.length > 0 })),
    isSelected: editor.selection.value.nodes.has(node.id),
  };
}

export function nodeRunNow({ run, output, errors }: NodeView): NodeRun1 {
  return {
    phase: run?.phase ?? null,
    progress: run === null ? 0 : fractionOf(run),
    shown: output?.raw ?? null,
    errors: errors.map(({ sentence }) => sentence),
  };
}
