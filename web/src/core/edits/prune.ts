/** Subgraphs that no node uses any more go with their last node. */

import type { Draft } from './draft.ts';

/** Drop those of the given subgraphs, and of those inside them, that no node of the workflow leads to. */
export function pruneSubgraphs(draft: Draft, types: ReadonlySet<string>): void {
  const suspects = reachable(draft, types);
  if (suspects.size === 0) return;
  const used = reachable(draft, typesOf(draft, null));
  for (const id of suspects) if (!used.has(id)) draft.subgraphs.delete(id);
}

/** Return the subgraphs among some types, and all inside them. */
export function reachable(draft: Draft, types: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const left = [...types];
  for (let type = left.pop(); type !== undefined; type = left.pop()) {
    if (found.has(type) || !draft.subgraphs.has(type)) continue;
    found.add(type);
    left.push(...typesOf(draft, type));
  }
  return found;
}

function typesOf(draft: Draft, id: string | null): Set<string> {
  const nodes = draft.level(id)?.nodes.map.values() ?? [];
  return new Set([...nodes].map((node) => node.type));
}
