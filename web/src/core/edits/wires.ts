/**
 * Wires in a draft: joining and parting slots so that links, both their ends and the reroutes always agree.
 * The ends of a link inside a subgraph may be its ports: slots of INPUT_NODE and OUTPUT_NODE.
 */

import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type InputSlot,
  type Link,
  type LinkId,
  type OutputSlot,
  type Port,
  type Reroute,
  type RerouteId,
} from '../graph.ts';
import type { Draft, Level } from './draft.ts';

export function isSameEnd(one: End, other: End): boolean {
  return one.node === other.node && one.slot === other.slot;
}

/** Return the slot or port that a link may start from. */
export function startAt(level: Level, end: End): OutputSlot | Port | undefined {
  return end.node === INPUT_NODE ? level.inputs[end.slot] : level.nodes.get(end.node)?.outputs[end.slot];
}

/** Return the slot or port that a link may arrive at. */
export function targetAt(level: Level, end: End): InputSlot | Port | undefined {
  return end.node === OUTPUT_NODE ? level.outputs[end.slot] : level.nodes.get(end.node)?.inputs[end.slot];
}

/** Return the ids of the links that leave from an output. */
export function linksFrom(level: Level, from: End): readonly LinkId[] {
  return startAt(level, from)?.links ?? [];
}

/** Return the id of the link that arrives at an input, if one does. */
export function linkInto(level: Level, to: End): LinkId | null {
  const target = targetAt(level, to);
  if (target === undefined) return null;
  return 'link' in target ? target.link : (target.links[0] ?? null);
}

/** Return the reroutes that a link comes through, the last one first. */
export function chainOf(level: Level, last: RerouteId | null): Reroute[] {
  const chain: Reroute[] = [];
  const seen = new Set<RerouteId>();
  for (let id = last; id !== null && !seen.has(id);) {
    seen.add(id);
    const reroute = level.reroutes.get(id);
    if (reroute === undefined) break;
    chain.push(reroute);
    id = reroute.parent;
  }
  return chain;
}

/**
 * Join an output to an input; a link that was there before goes. Nothing if an end is missing or both are one node's.
 * `parent` is the reroute to come through; it is left out if it belongs to another output.
 */
export function join(
  level: Level,
  draft: Draft,
  from: End,
  to: End,
  parent: RerouteId | null = null,
): LinkId | null {
  const [start, target] = [startAt(level, from), targetAt(level, to)];
  if (start === undefined || target === undefined || from.node === to.node) return null;
  const before = linkInto(level, to);
  const old = before === null ? undefined : level.links.get(before);
  if (old !== undefined && isSameEnd(old.from, from) && old.parent === parent) return old.id;
  if (before !== null) part(level, draft, before);
  const type = start.type === '*' ? target.type : start.type;
  const id = draft.newLinkId(level);
  attach(level, { id, from, to, type, parent, raw: {} });
  return id;
}

/** Put a link into the level: both slots and its reroutes know it then. The input must be free. */
export function attach(level: Level, link: Link): void {
  const parent = carries(level, link.parent, link) ? link.parent : null;
  level.links.set(link.id, parent === link.parent ? link : { ...link, parent });
  changeStart(level, link.from, (links) => (links.includes(link.id) ? links : [...links, link.id]));
  setLinkInto(level, link.to, link.id);
  enterChain(level, parent, link.id);
}

/** Take a link out of the level, with the reroutes that carried nothing else. */
export function part(level: Level, draft: Draft, id: LinkId): void {
  const link = level.links.get(id);
  if (link === undefined) return;
  leaveChain(level, draft, link.parent, id);
  changeStart(level, link.from, (links) => links.filter((other) => other !== id));
  if (linkInto(level, link.to) === id) setLinkInto(level, link.to, null);
  level.links.delete(id);
}

/** Let links come from another output; they keep their ids and, where all links of a reroute move, their reroutes. */
export function moveStarts(level: Level, draft: Draft, ids: readonly LinkId[], from: End): void {
  const moved: Link[] = [];
  for (const id of ids) {
    const link = level.links.get(id);
    if (link === undefined || link.to.node === from.node || startAt(level, from) === undefined) continue;
    changeStart(level, link.from, (links) => links.filter((other) => other !== id));
    changeStart(level, from, (links) => [...links, id]);
    const given = startAt(level, from)?.type ?? '*';
    const after = { ...link, from, type: given === '*' ? link.type : given };
    level.links.set(id, after);
    moved.push(after);
  }
  for (const link of moved) {
    if (carries(level, link.parent, link)) continue;
    leaveChain(level, draft, link.parent, link.id);
    level.links.set(link.id, { ...link, parent: null });
  }
}

/** Whether a reroute exists and carries nothing from another output than the link's. */
function carries(level: Level, last: RerouteId | null, link: Link): boolean {
  if (last === null) return true;
  const chain = chainOf(level, last);
  const ids = chain.flatMap((reroute) => reroute.links);
  return (
    chain.length > 0 &&
    ids.every((id) => {
      const other = level.links.get(id);
      return other === undefined || isSameEnd(other.from, link.from);
    })
  );
}

/** Tell a reroute and all before it that a link comes through them. */
export function enterChain(level: Level, last: RerouteId | null, id: LinkId): void {
  for (const reroute of chainOf(level, last)) {
    if (!reroute.links.includes(id)) {
      level.reroutes.set(reroute.id, { ...reroute, links: [...reroute.links, id] });
    }
  }
}

/** Tell a reroute and all before it that a link comes through them no more; empty ones go. */
export function leaveChain(level: Level, draft: Draft, last: RerouteId | null, id: LinkId): void {
  for (const reroute of chainOf(level, last)) {
    const links = reroute.links.filter((other) => other !== id);
    const isFloating = reroute.raw['floating'] !== undefined; // a loose end that the file keeps on purpose
    if (links.length > 0 || isFloating) level.reroutes.set(reroute.id, { ...reroute, links });
    else {
      level.reroutes.delete(reroute.id);
      draft.retire(reroute.id);
    }
  }
}

/** Let a link's reroutes come behind another one, which belongs to the same output; nothing if they carry more links. */
export function extendChain(level: Level, id: LinkId, before: RerouteId | null): void {
  const link = level.links.get(id);
  if (link === undefined || before === null) return;
  const first = chainOf(level, link.parent).at(-1);
  if (first === undefined) level.links.set(id, { ...link, parent: before });
  else if (first.id === before || first.links.some((other) => other !== id)) return;
  else level.reroutes.set(first.id, { ...first, parent: before });
  enterChain(level, before, id);
}

function changeStart(level: Level, end: End, change: (links: readonly LinkId[]) => readonly LinkId[]): void {
  if (end.node === INPUT_NODE) {
    level.inputs = replaceAt(level.inputs, end.slot, (port) => ({ ...port, links: change(port.links) }));
    return;
  }
  level.nodes.change(end.node, (node) => ({
    ...node,
    outputs: replaceAt(node.outputs, end.slot, (slot) => ({ ...slot, links: change(slot.links) })),
  }));
}

function setLinkInto(level: Level, end: End, link: LinkId | null): void {
  if (end.node === OUTPUT_NODE) {
    const links = link === null ? [] : [link];
    level.outputs = replaceAt(level.outputs, end.slot, (port) => ({ ...port, links }));
    return;
  }
  level.nodes.change(end.node, (node) => ({
    ...node,
    inputs: replaceAt(node.inputs, end.slot, (slot) => ({ ...slot, link })),
  }));
}

/** Return a list with one item changed; the same list if there is no such item. */
export function replaceAt<T>(items: readonly T[], index: number, change: (item: T) => T): readonly T[] {
  const item = items[index];
  return item === undefined ? items : items.with(index, change(item));
}
