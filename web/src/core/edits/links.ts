/**
 * Links: joining outputs to inputs. An input takes one link; a new one replaces it. Links that would close a circle are
 * not made.
 *
 *     connect(workflow, path, { node: '4', slot: 0 }, { node: '3', slot: 0 });
 */

import { type End, type LinkId, type NodeId, type Path, type RerouteId, type Workflow } from '../graph.ts';
import { closesCircle } from '../circles.ts';
import { edit, type Draft, type Level } from './draft.ts';
import { fittingSlot } from './bypass.ts';
import { isSameEnd, join, linkInto, linksFrom, moveStarts, part } from './wires.ts';

/** Return the workflow with an output joined to an input, through a reroute of that output if `parent` is given. */
export function connect(
  workflow: Workflow,
  path: Path,
  from: End,
  to: End,
  parent: RerouteId | null = null,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    if (!closes(level, draft, from, to)) join(level, draft, from, to, parent);
  });
}

/** Return the workflow with an input joined to the output that a reroute belongs to. */
export function connectFromReroute(workflow: Workflow, path: Path, reroute: RerouteId, to: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const first = level.reroutes.get(reroute)?.links[0];
    const link = first === undefined ? undefined : level.links.get(first);
    if (link !== undefined && !closes(level, draft, link.from, to))
      join(level, draft, link.from, to, reroute);
  });
}

/** Return the workflow without some links. */
export function removeLinks(workflow: Workflow, path: Path, ids: Iterable<LinkId>): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const id of ids) part(level, draft, id);
  });
}

/** Return the workflow without the link into an input. */
export function disconnectInput(workflow: Workflow, path: Path, to: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const link = linkInto(level, to);
    if (link !== null) part(level, draft, link);
  });
}

/** Return the workflow without the links that leave from an output. */
export function disconnectOutput(workflow: Workflow, path: Path, from: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const id of linksFrom(level, from)) part(level, draft, id);
  });
}

/** Return the workflow with every link of an output coming from another one (dragging an output with Shift). */
export function moveOutputLinks(workflow: Workflow, path: Path, from: End, to: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const ids = linksFrom(level, from);
    const ends = ids.flatMap((id) => level.links.get(id)?.to ?? []);
    if (!ends.some((end) => closes(level, draft, to, end))) moveStarts(level, draft, ids, to);
  });
}

/** Return the workflow with the link into one input arriving at another one. */
export function moveInputLink(workflow: Workflow, path: Path, from: End, to: End): Workflow {
  return edit(workflow, path, (level, draft) => {
    const id = linkInto(level, from);
    const link = id === null ? undefined : level.links.get(id);
    if (link === undefined || isSameEnd(from, to) || closes(level, draft, link.from, to)) return;
    if (join(level, draft, link.from, to, link.parent) !== null) part(level, draft, link.id);
  });
}

/**
 * Return the workflow with a node put into a link: its first fitting input takes what the link brought, and its first
 * fitting output gives it on. The same workflow if no input or no output fits.
 */
export function insertOnLink(workflow: Workflow, path: Path, link: LinkId, node: NodeId): Workflow {
  return edit(workflow, path, (level, draft) => {
    const old = level.links.get(link);
    const inserted = level.nodes.get(node);
    if (old === undefined || inserted === undefined || node === old.from.node || node === old.to.node) return;
    const input = fittingSlot(
      inserted.inputs,
      old.type,
      (slot) => slot.link === null && slot.widget === null,
    );
    const output = fittingSlot(inserted.outputs, old.type);
    if (input === null || output === null) return;
    const [start, end] = [
      { node, slot: output },
      { node, slot: input },
    ];
    if (closes(level, draft, old.from, end) || closes(level, draft, start, old.to)) return;
    join(level, draft, old.from, end, old.parent);
    join(level, draft, start, old.to);
  });
}

function closes(level: Level, draft: Draft, from: End, to: End): boolean {
  return closesCircle(level.result(), draft.subgraphs.map, from, to);
}
