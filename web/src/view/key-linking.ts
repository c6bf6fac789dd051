/** A link is drawn by keyboard: arrows choose among the sockets that fit, the nearest first. */

import type { Rect } from '../core/graph.ts';
import { nextTowards } from '../core/navigate.ts';
import { planLink, type LinkPlan } from './link-plan.ts';
import type { SocketRef } from './options.ts';
import { announceSocket, ARROWS, socketsOf } from './sockets.ts';
import { linkOverlay } from './tools/linking.ts';
import type { Tool, ToolContext } from './tools/tool.ts';

export class KeyLinking implements Tool {
  readonly cursor = '';
  readonly #goals: readonly SocketRef[];
  #at = 0;

  /** Begin at a socket; false if it does not exist. */
  static begin(context: ToolContext, from: SocketRef): boolean {
    const plan = planLink(context.view, from.side, from, false);
    if (plan === null) return false;
    const tool = new KeyLinking(context, plan, from);
    if (tool.#goals.length === 0) context.view.announce('view.news.nothingFits');
    else context.go(tool);
    tool.#show();
    return true;
  }

  private constructor(
    private readonly context: ToolContext,
    private readonly plan: LinkPlan,
    private readonly from: SocketRef,
  ) {
    const { scene } = context.view;
    const all = [...scene.nodes.keys()].flatMap((node) => socketsOf(context, node));
    this.#goals = all.filter((socket) => plan.fits(socket)).sort((a, b) => this.#far(a) - this.#far(b));
  }

  key(event: KeyboardEvent): boolean {
    const direction = ARROWS[event.key];
    if (direction !== undefined) {
      const others = this.#goals.map((socket, index) => [index, this.#rect(socket)] as const);
      this.#at = nextTowards(direction, this.#rect(this.#goals[this.#at]!), others) ?? this.#at;
      this.#show();
    } else if (event.key === 'Tab') {
      this.#at = (this.#at + (event.shiftKey ? this.#goals.length - 1 : 1)) % this.#goals.length;
      this.#show();
    } else if (event.key === 'Enter') this.#link();
    else if (event.key === 'Delete' || event.key === 'Backspace') this.#unlink();
    else if (event.key === 'Escape') this.context.rest();
    else return false;
    return true;
  }

  /** The pointer takes over. */
  down(): void {
    this.context.rest();
  }

  stop(): void {
    this.context.clear();
  }

  #link(): void {
    const { context, plan } = this;
    const goal = this.#goals[this.#at]!;
    context.rest();
    context.editor.do('view.edit.link', (workflow) => plan.connect(workflow, goal));
    announceSocket(context, 'view.news.linked', goal);
  }

  #unlink(): void {
    const { context, plan } = this;
    context.rest();
    context.editor.do('view.edit.unlink', (workflow) => plan.loosen(workflow));
    announceSocket(context, 'view.news.socket', this.from);
  }

  #show(): void {
    const { context, plan } = this;
    const goal = this.#goals[this.#at];
    if (goal === undefined) return;
    context.view.reveal(this.#rect(goal), 120);
    context.show(linkOverlay(context, plan, [0, 0], goal));
    announceSocket(context, 'view.news.goal', goal);
  }

  #rect(socket: SocketRef): Rect {
    const [x, y] = this.context.view.scene.socketAt(socket.side, socket) ?? [0, 0];
    return { x, y, width: 0, height: 0 };
  }

  #far(socket: SocketRef): number {
    const [a, b] = [this.#rect(this.from), this.#rect(socket)];
    return Math.hypot(a.x - b.x, a.y - b.y);
  }
}
