/** Sockets by keyboard: their order and how they are told to screen readers. */

import { shownName, titleOf } from '../core/geometry.ts';
import type { NodeId } from '../core/graph.ts';
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
  const refs = (side: 'input' | 'output', count: number) => {
    return Array.from({ length: count }, (_, slot): SocketRef => ({ side, node, slot }));
  };
  return [...refs('input', placed.node.inputs.length), ...refs('output', placed.node.outputs.length)];
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
