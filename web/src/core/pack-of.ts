/**
 * Which of the server's packs a node of an unknown type belongs to: by the types that packs tell, or by the name that
 * ComfyUI's editor writes into files.
 *
 *     packOf({ type: 'FaceDetailer', properties: { cnr_id: 'comfyui-impact-pack' } }, packs)?.state; // 'failed'
 */

import type { GraphNode } from './graph.ts';

export interface PackLike {
  readonly name: string;
  readonly path: string;
  readonly nodes: readonly string[];
}

/** Return the pack of a node; undefined if none of them says so. */
export function packOf<P extends PackLike>(
  { type, properties }: Pick<GraphNode, 'type' | 'properties'>,
  packs: readonly P[],
): P | undefined {
  const telling = packs.find(({ nodes }) => nodes.includes(type));
  if (telling !== undefined) return telling;
  const named = namesIn(properties);
  return packs.find(({ name, path }) => [name, lastOf(path)].some((each) => named.has(plain(each))));
}

/** Return the pack that the file says a node is of; null if it does not say. */
export function namedPack({ properties: { cnr_id, aux_id } }: Pick<GraphNode, 'properties'>): string | null {
  const named = [cnr_id, aux_id].find((each) => typeof each === 'string' && each !== '');
  return typeof named === 'string' ? named : null;
}

function namesIn({ cnr_id, aux_id }: GraphNode['properties']): ReadonlySet<string> {
  const names = [cnr_id, aux_id].filter((each) => typeof each === 'string');
  return new Set(names.map((name) => plain(lastOf(name))).filter((name) => name !== ''));
}

/** `owner/Name` is `Name`, as is `custom_nodes/Name` and `custom_nodes/Name.py`. */
function lastOf(path: string): string {
  return (path.split(/[\\/]/).at(-1) ?? path).replace(/\.(py|disabled)$/, '');
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '');
}
