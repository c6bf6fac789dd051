/**
 * The graph by keyboard. Arrows go from node to node; Tab goes through the sockets of a node; Enter on a socket begins
 * a link, arrows choose among the sockets that fit, Enter links, Escape gives it up. Everything is announced.
 */

import { moveItems } from '../core/edits/move.ts';
import type { NodeId, Point } from '../core/graph.ts';
import { titleOf } from '../core/geometry.ts';
import { nextTowards, type Direction } from '../core/navigate.ts';
import { KeyLinking } from './key-linking.ts';
import type { Focus, SocketRef } from './options.ts';
import { announceSocket, ARROWS, socketsOf } from './sockets.ts';
import { GRID } from './tools/dragging.ts';
import type { ToolContext } from './tools/tool.ts';

const STEPS: { readonly [direction in Direction]: Point } = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

export class Keyboard {
  constructor(private readonly context: ToolContext) {}

  /** Handle a key; true if it meant something here. */
  key(event: KeyboardEvent): boolean {
    const direction = ARROWS[event.key];
    if (direction !== undefined && !event.altKey) {
      if (event.ctrlKey || event.metaKey) return this.#nudge(direction, event.shiftKey);
      return this.#go(direction, event.shiftKey);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === 'Tab') return this.#nextSocket(event.shiftKey ? -1 : 1);
    if (event.key === 'Enter') return this.#enter();
    return event.key === 'Escape' && this.#leave();
  }

  #go(direction: Direction, isAdding: boolean): boolean {
    const { view } = this.context;
    const from = this.#here();
    const placed = from === null ? undefined : view.scene.nodes.get(from);
    const next = placed === undefined ? this.#first() : this.#next(direction, placed.node.id);
    if (next === null) return from !== null;
    const { nodes } = view.editor.selection.value;
    view.editor.select(isAdding ? [...nodes, next] : [next]);
    this.#focus(next);
    return true;
  }

  #next(direction: Direction, from: NodeId): NodeId | null {
    const { nodes } = this.context.view.scene;
    const others = [...nodes].filter(([id]) => id !== from).map(([id, { bounds }]) => [id, bounds] as const);
    return nextTowards(direction, nodes.get(from)!.bounds, others);
  }

  /** Return the node where the keyboard is; another one, if it was selected since: just added, or found. */
  #here(): NodeId | null {
    const { view } = this.context;
    const node = view.focus.value?.node;
    const { nodes } = view.editor.selection.value;
    const isThere = node !== undefined && view.scene.nodes.has(node);
    return isThere && (nodes.size === 0 || nodes.has(node)) ? node : ([...nodes].at(-1) ?? null);
  }

  #focusHere(): Focus | null {
    const { value } = this.context.view.focus;
    const node = this.#here();
    return node === null || node === value?.node ? value : { node, socket: null };
  }

  /** Return the node that is nearest to the upper left corner of what is seen. */
  #first(): NodeId | null {
    const { view } = this.context;
    const seen = view.scene.nodesIn(view.visible());
    const ids = seen.length > 0 ? seen : [...view.scene.nodes.keys()];
    const far = (id: NodeId) => {
      const { x, y } = view.scene.nodes.get(id)!.bounds;
      return x + y;
    };
    return ids.sort((a, b) => far(a) - far(b))[0] ?? null;
  }

  #focus(node: NodeId): void {
    const { view } = this.context;
    const placed = view.scene.nodes.get(node)!;
    view.focus.set({ node, socket: null });
    view.reveal(placed.bounds);
    const { inputs, outputs } = placed.node;
    const title = titleOf(placed.node, placed.spec);
    view.announce('view.news.node', { title, inputs: inputs.length, outputs: outputs.length });
  }

  /** After the last socket Tab leaves the canvas as it leaves anything else. */
  #nextSocket(step: 1 | -1): boolean {
    const { view } = this.context;
    const focus = this.#focusHere();
    if (focus === null) return false;
    const sockets = socketsOf(this.context, focus.node);
    const at = focus.socket === null ? (step === 1 ? -1 : 0) : indexOf(sockets, focus.socket);
    const socket = sockets[at + step];
    if (socket === undefined && (step === 1 || focus.socket === null)) return false;
    view.focus.set({ node: focus.node, socket: at + step < 0 ? null : (socket ?? null) });
    if (socket === undefined || at + step < 0) this.#focus(focus.node);
    else announceSocket(this.context, 'view.news.socket', socket);
    return true;
  }

  /** On a socket: begin a link. On a node: go to its first widget. */
  #enter(): boolean {
    const { view } = this.context;
    const focus = this.#focusHere();
    if (focus === null) return false;
    if (focus.socket !== null) return KeyLinking.begin(this.context, focus.socket);
    view.enterNode(focus.node);
    return true;
  }

  #leave(): boolean {
    const { view } = this.context;
    const { value } = view.focus;
    if (value === null) return false;
    view.focus.set(value.socket === null ? null : { node: value.node, socket: null });
    return true;
  }

  #nudge(direction: Direction, isFar: boolean): boolean {
    const { editor, path } = this.context;
    const { value } = editor.selection;
    if (value.nodes.size + value.groups.size + value.reroutes.size === 0) return false;
    const size = GRID * (isFar ? 5 : 1);
    const by: Point = [STEPS[direction][0] * size, STEPS[direction][1] * size];
    editor.do('view.edit.move', (workflow) => moveItems(workflow, path, value, by), 'nudge');
    return true;
  }
}

function indexOf(sockets: readonly SocketRef[], { side, slot }: SocketRef): number {
  return sockets.findIndex((socket) => socket.side === side && socket.slot === slot);
}
