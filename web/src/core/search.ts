/**
 * Search of node types: by title, other names, type and category; by what a dropped link needs.
 *
 *     searchNodes(specs, 'clip enc', { link: { side: 'output', type: 'CLIP' } })[0].spec.title;
 */

import { fuzzy, type Match } from './fuzzy.ts';
import { isOffered, type NodeSpec, type Specs } from './specs.ts';
import { fits, membersOf } from './types.ts';

export interface LinkWish {
  /** Where the loose link starts: from an output, inputs are wanted. */
  readonly side: 'input' | 'output';
  readonly type: string;
}

export interface SearchOptions {
  /** Only types that can take this link. */
  readonly link?: LinkWish | undefined;
  /** Only types of this category or those inside it: `image/upscaling`. */
  readonly category?: string | undefined;
  /** Types used last, the latest first: they come before equals. */
  readonly recent?: readonly string[];
  readonly limit?: number;
}

export interface FoundNode {
  readonly spec: NodeSpec;
  readonly score: number;
  /** Which letters of the title matched. */
  readonly marks: readonly number[];
  /** The other name that matched better than the title; null if none did. */
  readonly alias: string | null;
}

const ALIAS = 0.95;
const TYPE = 0.92;
const CATEGORY = 0.6;
const DESCRIPTION = 0.4;
const LEAST = 0.15;

/** Return the node types to choose from: other names of a type are found by its own. */
export function listed(specs: Specs): NodeSpec[] {
  return [...specs.values()].filter(({ aliasOf }) => aliasOf === null || !specs.has(aliasOf));
}

/** Return the node types that answer a query, the best first; all of them for an empty query. */
export function searchNodes(specs: Specs, query: string, options: SearchOptions = {}): FoundNode[] {
  const recent = new Map((options.recent ?? []).map((type, index) => [type, index]));
  const found: FoundNode[] = [];
  for (const spec of listed(specs)) {
    if (!isWanted(spec, options)) continue;
    const match = matchSpec(query, spec);
    if (match === null || (query.trim() !== '' && match.score < LEAST)) continue;
    found.push({ ...match, score: match.score + boostOf(spec, options.link, recent) });
  }
  found.sort((one, other) => other.score - one.score || compareTitles(one.spec, other.spec));
  return found.slice(0, options.limit ?? found.length);
}

/** Whether a node type has a socket (or widget) that a link may end at. */
export function takesLink(spec: NodeSpec, { side, type }: LinkWish): boolean {
  return side === 'output'
    ? spec.inputs.some((input) => isOffered(input) && fits(type, input.type))
    : spec.outputs.some((output) => fits(output.type, type));
}

export interface CategoryTree {
  readonly name: string;
  /** From the root: `image/upscaling`. */
  readonly path: string;
  readonly categories: readonly CategoryTree[];
  readonly specs: readonly NodeSpec[];
}

/** Return node types in their tree of categories, sorted. */
export function categoriesOf(specs: Iterable<NodeSpec>, name = '', path = ''): CategoryTree {
  const own: NodeSpec[] = [];
  const inside = new Map<string, NodeSpec[]>();
  for (const spec of specs) {
    const rest = path === '' ? spec.category : spec.category.slice(path.length + 1);
    const [first = ''] = rest.split('/');
    if (first === '') own.push(spec);
    else inside.set(first, [...(inside.get(first) ?? []), spec]);
  }
  const categories = [...inside]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([part, some]) => categoriesOf(some, part, path === '' ? part : `${path}/${part}`));
  return { name, path, categories, specs: own.sort(compareTitles) };
}

function isWanted(spec: NodeSpec, { link, category }: SearchOptions): boolean {
  if (link !== undefined && !takesLink(spec, link)) return false;
  return category === undefined || spec.category === category || spec.category.startsWith(`${category}/`);
}

/** Match the whole query against one name; else each of its words against any. */
function matchSpec(query: string, spec: NodeSpec): FoundNode | null {
  const whole = bestName(query, spec);
  const words = query.split(/\s+/).filter(Boolean);
  if (whole !== null || words.length < 2) return whole ?? described(query, spec);
  const matches = words.map((word) => bestName(word, spec) ?? inCategory(word, spec));
  const found = matches.filter((match) => match !== null);
  if (found.length < words.length) return null;
  const score = (0.95 * found.reduce((sum, match) => sum + match.score, 0)) / found.length;
  const marks = [...new Set(found.flatMap((match) => match.marks))].sort((one, other) => one - other);
  return { spec, score, marks, alias: found.find(({ alias }) => alias !== null)?.alias ?? null };
}

function bestName(query: string, spec: NodeSpec): FoundNode | null {
  const title = fuzzy(query, spec.title);
  let best = title === null ? null : { spec, ...title, alias: null as string | null };
  const consider = (match: Match | null, weight: number, alias: string | null): void => {
    const score = (match?.score ?? 0) * weight;
    if (match !== null && score > (best?.score ?? 0))
      best = { spec, score, marks: title?.marks ?? [], alias };
  };
  for (const alias of spec.aliases) consider(fuzzy(query, alias), ALIAS, alias);
  if (spec.type !== spec.title) consider(fuzzy(query, spec.type), TYPE, spec.type);
  return best;
}

function described(query: string, spec: NodeSpec): FoundNode | null {
  const category = inCategory(query, spec);
  if (category !== null) return category;
  const word = query.trim().toLowerCase();
  const isTold = word.length > 2 && spec.description.toLowerCase().includes(word);
  return isTold ? { spec, score: DESCRIPTION, marks: [], alias: null } : null;
}

function inCategory(word: string, spec: NodeSpec): FoundNode | null {
  const isThere = spec.category.toLowerCase().includes(word.trim().toLowerCase());
  return isThere ? { spec, score: CATEGORY, marks: [], alias: null } : null;
}

function boostOf(spec: NodeSpec, link: LinkWish | undefined, recent: ReadonlyMap<string, number>): number {
  const used = recent.get(spec.type);
  const latest = used === undefined ? 0 : 0.06 / (1 + used / 4);
  const exact = link !== undefined && isExact(spec, link) ? 0.08 : 0;
  return latest + exact - (spec.isDeprecated ? 0.25 : 0) - (spec.isExperimental ? 0.03 : 0);
}

/** Whether a socket has just the link's type, not one that takes any; widgets come later. */
function isExact(spec: NodeSpec, { side, type }: LinkWish): boolean {
  const wanted = membersOf(type).join();
  const sockets = side === 'output' ? spec.inputs.filter(({ widget }) => widget === null) : spec.outputs;
  return sockets.some((socket) => membersOf(socket.type).join() === wanted);
}

function compareTitles(one: NodeSpec, other: NodeSpec): number {
  return one.title.localeCompare(other.title) || one.type.localeCompare(other.type);
}
