/** The largest numbers that a document has given to nodes and links, so that none is given twice. */

import type { Json, JsonObject } from '../graph.ts';
import { isList, isObject } from './fields.ts';

export interface Counts {
  readonly lastNodeId: number;
  /** Of links, reroutes and groups, which are counted together. */
  readonly lastLinkId: number;
}

/** Return the counts of a whole document: those it tells and those of the ids in it, at all levels. */
export function countsOf(document: JsonObject): Counts {
  const all = levelsOf(document).map(levelCounts);
  return {
    lastNodeId: Math.max(...all.map((counts) => counts.lastNodeId)),
    lastLinkId: Math.max(...all.map((counts) => counts.lastLinkId)),
  };
}

function levelsOf(holder: JsonObject): JsonObject[] {
  const definitions = isObject(holder.definitions) ? holder.definitions.subgraphs : null;
  return [holder, ...objects(definitions).flatMap(levelsOf)];
}

function levelCounts(level: JsonObject): Counts {
  const state = isObject(level.state) ? level.state : {};
  const extra = isObject(level.extra) ? level.extra : {};
  const others = [level.links, level.groups, level.reroutes, extra.reroutes].flatMap(idsOf);
  const { lastLinkId, lastRerouteId, lastGroupId } = state;
  return {
    lastNodeId: largest([level.last_node_id, state.lastNodeId, ...idsOf(level.nodes)]),
    lastLinkId: largest([level.last_link_id, lastLinkId, lastRerouteId, lastGroupId, ...others]),
  };
}

function idsOf(items: Json | undefined): (Json | undefined)[] {
  const values = isObject(items) ? Object.values(items) : isList(items) ? items : [];
  return values.map((item) => (isList(item) ? item[0] : isObject(item) ? item.id : null));
}

function objects(value: Json | undefined): JsonObject[] {
  return isList(value) ? value.filter(isObject) : [];
}

/** Return the largest of some ids; those that are no whole numbers do not count. */
export function largest(ids: Iterable<Json | undefined>): number {
  let most = 0;
  for (const id of ids) {
    const number = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number > most) most = number;
  }
  return most;
}
