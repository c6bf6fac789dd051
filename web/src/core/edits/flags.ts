/** How nodes look and whether they run: title, colours, mode, collapsed, pinned, free properties. */

import type { Json, Mode, NodeId, Path, Workflow } from '../graph.ts';
import { editNodes } from './draft.ts';

/** Return the workflow with another title for a node; an empty one or null gives its type's name back. */
export function setTitle(workflow: Workflow, path: Path, id: NodeId, title: string | null): Workflow {
  const given = title === null || title.trim() === '' ? null : title;
  return editNodes(workflow, path, [id], (node) => (node.title === given ? node : { ...node, title: given }));
}

/** Return the workflow with nodes that run, are left out or pass their inputs through. */
export function setMode(workflow: Workflow, path: Path, ids: Iterable<NodeId>, mode: Mode): Workflow {
  return editNodes(workflow, path, ids, (node) => (node.mode === mode ? node : { ...node, mode }));
}

/** Return the workflow with nodes in a mode, or back to always if all of them were in it (Ctrl+M, Ctrl+B). */
export function toggleMode(workflow: Workflow, path: Path, ids: Iterable<NodeId>, mode: Mode): Workflow {
  const all = [...ids];
  const changed = setMode(workflow, path, all, mode);
  return changed === workflow ? setMode(workflow, path, all, 'always') : changed;
}

export function setCollapsed(
  workflow: Workflow,
  path: Path,
  ids: Iterable<NodeId>,
  isCollapsed: boolean,
): Workflow {
  return editNodes(workflow, path, ids, (node) =>
    node.isCollapsed === isCollapsed ? node : { ...node, isCollapsed },
  );
}

/** Return the workflow with nodes that can or cannot be moved and resized. */
export function setPinned(
  workflow: Workflow,
  path: Path,
  ids: Iterable<NodeId>,
  isPinned: boolean,
): Workflow {
  return editNodes(workflow, path, ids, (node) =>
    node.isPinned === isPinned ? node : { ...node, isPinned },
  );
}

/** Return the workflow with other colours for nodes: of the head and of the body; null is the theme's. */
export function setColors(
  workflow: Workflow,
  path: Path,
  ids: Iterable<NodeId>,
  color: string | null,
  bgcolor: string | null,
): Workflow {
  return editNodes(workflow, path, ids, (node) =>
    node.color === color && node.bgcolor === bgcolor ? node : { ...node, color, bgcolor },
  );
}

/** Return the workflow with a property of a node set; undefined takes it away. */
export function setProperty(
  workflow: Workflow,
  path: Path,
  id: NodeId,
  name: string,
  value: Json | undefined,
): Workflow {
  return editNodes(workflow, path, [id], (node) => {
    if (node.properties[name] === value) return node;
    const { [name]: _, ...others } = node.properties;
    return { ...node, properties: value === undefined ? others : { ...node.properties, [name]: value } };
  });
}
