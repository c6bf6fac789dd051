/** Sockets by keyboard: their order and how they are told to screen readers. */

import { shownName, titleOf } from '../core/geometry.ts';
import type { NodeId, Point } from '../core/graph.ts';
import type { Direction } from '../core/navigate.ts';
import type { SocketRef } from './options.ts';
import type { ToolContext } from './tools/tool.ts';

export const ARROWS: { readonly [key: string]: Direction } = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
/** Return the sockets of a node in the order of Tab. */
export function socketsOf({ view }: ToolContext, node: NodeId): SocketRef[] {
  const placed = view.scene.nodes.get(node);
  if (placed === undefined) return [];
  const { inputs, outputs } = placed.layout;
  const refs = (side: 'input' | 'output', places: readonly (Point | null)[]): SocketRef[] => {
    return places.flatMap((place, slot) => (place === null ? [] : [{ side, node, slot }]));
  };
  return [...refs('input', inputs), ...refs('output', outputs)];
}

/** Tell what a socket is: its side, name, type and whether it is linked. */
export function announceSocket({ view }: ToolContext, key: string, { side, node, slot }: SocketRef): void {
  const placed = view.scene.nodes.get(node);
  const found = side === 'input' ? placed?.node.inputs[slot] : placed?.node.outputs[slot];
  if (placed === undefined || found === undefined) return;
  const isLinked = 'link' in found ? found.link !== null : found.links.length > 0;
  view.announce(key, {
    title: titleOf(placed.node, placed.spec),
    side: view.say(`view.${side}`),
    name: found.label ?? shownName(found.name),
    type: found.type,
    linked: isLinked ? view.say('view.linked') : view.say('view.free'),
  });
}
