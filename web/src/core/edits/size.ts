/** Sizes of nodes. */

import { leastHeight, shownName, shownWidgets, titleOf } from '../geometry.ts';
import type { GraphNode, NodeId, Path, Rect, Size, Workflow } from '../graph.ts';
import type { NodeSpec } from '../specs.ts';
import { edit, editNodes } from './draft.ts';

const LETTER = 7; // width of an average letter
const PLAIN_WIDTH = 150;
const WIDGET_WIDTH = 270; // a node with widgets
const TEXT_WIDTH = 400; // a node with a multiline text
const MOST_WIDTH = 500;

/** Return the workflow with a node of another size. */
export function resizeNode(workflow: Workflow, path: Path, id: NodeId, size: Size): Workflow {
  return resizeNodes(workflow, path, new Map([[id, size]]));
}

/** Return the workflow with nodes of other sizes; pinned ones stay as they are. */
export function resizeNodes(workflow: Workflow, path: Path, sizes: ReadonlyMap<NodeId, Size>): Workflow {
  return editNodes(workflow, path, sizes.keys(), (node) => {
    const size = sizes.get(node.id) ?? node.size;
    const isSame = size[0] === node.size[0] && size[1] === node.size[1];
    return node.isPinned || isSame ? node : { ...node, size };
  });
}

/** Return the workflow with a node in another rectangle: dragging its left or upper side moves it too. */
export function reshapeNode(workflow: Workflow, path: Path, id: NodeId, rect: Rect): Workflow {
  return edit(workflow, path, (level) =>
    level.nodes.change(id, (node) =>
      node.isPinned ? node : { ...node, pos: [rect.x, rect.y], size: [rect.width, rect.height] },
    ),
  );
}

/** Return the size that shows all of a node: its title, its sockets' names, its widgets. */
export function leastSize(node: GraphNode, spec: NodeSpec | undefined): Size {
  const kinds = shownWidgets(spec).map((input) => input.widget.kind);
  const plain = kinds.length === 0 ? PLAIN_WIDTH : WIDGET_WIDTH;
  const usual = kinds.includes('multiline') ? TEXT_WIDTH : plain;
  const width = Math.min(Math.max(usual, 60 + LETTER * lettersOf(node, spec)), MOST_WIDTH);
  return [width, leastHeight({ ...node, size: [width, 0] }, spec)];
}

/** Return the letters of a node's longest line: its title, or an input beside an output. */
function lettersOf(node: GraphNode, spec: NodeSpec | undefined): number {
  const inputs = node.inputs.filter((slot) => slot.widget === null);
  const rows = Math.max(inputs.length, node.outputs.length);
  const lines = Array.from({ length: rows }, (_, row) => {
    const [input, output] = [inputs[row], node.outputs[row]];
    return (
      (input?.label ?? shownName(input?.name ?? '')).length + (output?.label ?? output?.name ?? '').length
    );
  });
  return Math.max(titleOf(node, spec).length, ...lines);
}
