/**
 * Reroutes: points that links bend through. They form trees that grow from an output: a reroute's parent is the one
 * before it, a link's parent the last one that it comes through.
 */

import { subgraphIdAt, type LinkId, type Path, type Point, type RerouteId, type Workflow } from '../graph.ts';
import { Draft, edit, type Level } from './draft.ts';
import { chainOf } from './wires.ts';

/** Return the id that the next new reroute gets. */
export function nextRerouteId(workflow: Workflow, path: Path): RerouteId {
  const draft = new Draft(workflow);
  return draft.newRerouteId(draft.level(subgraphIdAt(workflow, path)) ?? draft.root);
}

/**
 * Return the workflow with a reroute put into a link, in the part that ends at `before`: one of its reroutes, or null
 * for the last part, which ends at the input.
 */
export function addReroute(
  workflow: Workflow,
  path: Path,
  link: LinkId,
  pos: Point,
  before: RerouteId | null = null,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const bent = level.links.get(link);
    const next =
      before === null ? null : chainOf(level, bent?.parent ?? null).find(({ id }) => id === before);
    if (bent === undefined || next === undefined) return;
    const id = draft.newRerouteId(level);
    const parent = next === null ? bent.parent : next.parent;
    level.reroutes.set(id, { id, pos, parent, links: next?.links ?? [link], raw: {} });
    if (next === null) level.links.set(link, { ...bent, parent: id });
    else level.reroutes.set(next.id, { ...next, parent: id });
  });
}

/** Return the workflow without some reroutes; their links go straight on. */
export function removeReroutes(workflow: Workflow, path: Path, ids: Iterable<RerouteId>): Workflow {
  return edit(workflow, path, (level, draft) => {
    for (const id of ids) dropReroute(level, draft, id);
  });
}

export function dropReroute(level: Level, draft: Draft, id: RerouteId): void {
  const gone = level.reroutes.get(id);
  if (gone === undefined) return;
  for (const link of gone.links) {
    level.links.change(link, (value) => (value.parent === id ? { ...value, parent: gone.parent } : value));
  }
  for (const child of level.reroutes.map.values()) {
    if (child.parent === id) level.reroutes.set(child.id, { ...child, parent: gone.parent });
  }
  level.reroutes.delete(id);
  draft.retire(id);
}
