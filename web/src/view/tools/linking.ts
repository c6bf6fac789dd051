/** A link is drawn from a socket: sockets that fit light up, the others are dimmed. */

import { closesCircle } from '../../core/circles.ts';
import { connectFromReroute } from '../../core/edits/links.ts';
import type { End, Point } from '../../core/graph.ts';
import type { Target } from '../../core/hit.ts';
import { planLink, type LinkPlan } from '../link-plan.ts';
import type { SocketRef } from '../options.ts';
import type { LooseLink, Overlay } from '../overlay.ts';
import { DRAG_PIXELS, Pressing } from './pressing.ts';
import { spotOf, type Pointer, type Tool, type ToolContext } from './tool.ts';

export class Linking implements Tool {
  readonly cursor = 'crosshair';
  readonly isEdgePanning = true;
  #isMoved = false;

  static from(context: ToolContext, side: 'input' | 'output', end: End, pointer: Pointer): Tool {
    const plan = planLink(context.view, side, end, pointer.shift);
    if (plan === null) return new Pressing(context, { kind: 'node', node: end.node, part: 'body' }, pointer);
    return new Linking(context, plan, pointer);
  }

  private constructor(
    private readonly context: ToolContext,
    private readonly plan: LinkPlan,
    private readonly start: Pointer,
  ) {}

  move(pointer: Pointer): void {
    const { context, plan, start } = this;
    const far = Math.hypot(pointer.screen[0] - start.screen[0], pointer.screen[1] - start.screen[1]);
    if (!this.#isMoved && far < DRAG_PIXELS) return;
    this.#isMoved = true;
    context.view.preview(plan.loosen(context.workflow));
    context.show(linkOverlay(context, plan, pointer.graph, this.#goal(pointer)));
  }

  up(pointer: Pointer): void {
    const { context, plan } = this;
    if (!this.#isMoved) return context.rest();
    const goal = this.#goal(pointer);
    const target = context.hit(pointer);
    context.rest();
    if (goal === null && this.#closesCircle(target)) return context.events.onRefuse?.('view.circle');
    const refused = goal === null ? this.#refusedBy(target) : null;
    if (refused !== null) return context.events.onRefuse?.('view.otherType', refused);
    if (goal !== null) return context.editor.do('view.edit.link', (workflow) => plan.connect(workflow, goal));
    if (target.kind === 'reroute' && plan.start.side === 'input') return this.#joinReroute(target.reroute);
    const isLoosened = plan.loosen(context.workflow) !== context.workflow;
    if (isLoosened) context.editor.do('view.edit.unlink', (workflow) => plan.loosen(workflow));
    else if (!('node' in target)) context.events.onDropLink?.(plan.start, spotOf(pointer));
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== 'Escape') return false;
    this.context.rest();
    return true;
  }

  stop(): void {
    this.context.clear();
  }

  /** Return the socket that a drop here would link to. */
  #goal(pointer: Pointer): SocketRef | null {
    const target = this.context.hit(pointer);
    if (target.kind === 'input' || target.kind === 'output') {
      const socket = { side: target.kind, node: target.node, slot: target.slot };
      return this.plan.fits(socket) ? socket : null;
    }
    return target.kind === 'node' ? this.plan.firstFit(target.node) : null;
  }

  #joinReroute(reroute: string): void {
    const { context, plan } = this;
    const end = plan.start.ends[0];
    if (end === undefined) return;
    const { graph } = context.view;
    const start = graph.links.get(graph.reroutes.get(reroute)?.links[0] ?? '')?.from;
    if (start !== undefined && closesCircle(graph, context.workflow.subgraphs, start, end))
      return context.events.onRefuse?.('view.circle');
    context.editor.do('view.edit.link', (workflow) =>
      connectFromReroute(workflow, context.path, reroute, end),
    );
  }

  /** Return the types where a socket of another node does not take the link; null if that is not where it was dropped. */
  #refusedBy(target: Target): { readonly given: string; readonly wanted: string } | null {
    const { start, sought } = this.plan;
    if (target.kind !== sought || !('slot' in target)) return null;
    if (start.ends.some(({ node }) => node === target.node)) return null;
    const node = this.context.view.scene.nodes.get(target.node)?.node;
    const type = (sought === 'input' ? node?.inputs : node?.outputs)?.[target.slot]?.type;
    if (type === undefined) return null;
    return sought === 'input' ? { given: start.type, wanted: type } : { given: type, wanted: start.type };
  }

  #closesCircle(target: Target): boolean {
    if (target.kind === 'node') return this.plan.closesCircle(target.node, null);
    const isSocket = target.kind === this.plan.sought;
    return isSocket && 'slot' in target && this.plan.closesCircle(target.node, target.slot);
  }
}

/** What is shown while a link is drawn to a point. */
export function linkOverlay(
  context: ToolContext,
  plan: LinkPlan,
  to: Point,
  goal: SocketRef | null,
): Partial<Overlay> {
  const { scene } = context.view;
  const { side, ends, type } = plan.start;
  const tip = (goal && scene.socketAt(goal.side, goal)) ?? to;
  const links = ends.flatMap((end): LooseLink[] => {
    const at = scene.socketAt(side, end);
    if (at === undefined) return [];
    return [side === 'output' ? { from: at, to: tip, type } : { from: tip, to: at, type }];
  });
  return { links, lit: plan.fits, chosen: goal, target: goal === null ? null : { node: goal.node } };
}
