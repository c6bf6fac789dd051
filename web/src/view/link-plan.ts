/**
 * What a link that is being drawn will do: which sockets it may go to and what happens when it gets there. The same
 * for the pointer and the keyboard.
 *
 *     const plan = planLink(view, 'output', { node: '4', slot: 0 }, false);
 *     plan.fits({ side: 'input', node: '3', slot: 0 });
 *     editor.do('view.edit.link', (workflow) => plan.connect(workflow, { node: '3', slot: 0 }));
 */

import {
  connect,
  disconnectInput,
  moveInputLink,
  moveOutputLinks,
  removeLinks,
} from '../core/edits/links.ts';
import { fittingSlot } from '../core/edits/bypass.ts';
import {
  subgraphIdAt,
  type End,
  type InputSlot,
  type LinkId,
  type NodeId,
  type Path,
  type RerouteId,
  type Workflow,
} from '../core/graph.ts';
import { Dependence, endKey } from '../core/circles.ts';
import { isNewPort } from '../core/ports.ts';
import type { PlacedNode } from '../core/scene.ts';
import { addInputFor, addOutputFor } from '../core/subgraphs/ports.ts';
import { fits } from '../core/types.ts';
import type { LinkStart, SocketRef } from './options.ts';
import type { View } from './view.ts';

export interface LinkPlan {
  readonly start: LinkStart;
  readonly sought: 'input' | 'output';
  fits(socket: SocketRef): boolean;
  /** Whether a node, or one of its sockets, would take the link if that did not close a circle. */
  closesCircle(node: NodeId, slot: number | null): boolean;
  /** The first socket of a node that fits. */
  firstFit(node: NodeId): SocketRef | null;
  connect(workflow: Workflow, to: End): Workflow;
  /** The workflow while the link hangs in the air, which is also what a drop on nothing gives. */
  loosen(workflow: Workflow): Workflow;
}

type Deeds = Pick<LinkPlan, 'connect' | 'loosen'>;

/** Plan a link from a socket. With Shift, an output gives all its links away and an input's link is drawn a second time. */
export function planLink(view: View, side: 'input' | 'output', end: End, isShift: boolean): LinkPlan | null {
  const slot = slotOf(view.scene.nodes.get(end.node), side, end.slot);
  if (slot === undefined) return null;
  const from = side === 'output' ? fromOutput : fromInput;
  return from(view, bare(end), slot, isShift);
}

/** Ends go into the document: nothing else that a socket or target has may come along. */
function bare({ node, slot }: End): End {
  return { node, slot };
}

interface Slot {
  readonly type: string;
  readonly links: readonly LinkId[];
}

function slotOf(placed: PlacedNode | undefined, side: 'input' | 'output', index: number): Slot | undefined {
  if (side === 'output') return placed?.node.outputs[index];
  const input = placed?.node.inputs[index];
  return input && { type: input.type, links: input.link === null ? [] : [input.link] };
}

function fromOutput(view: View, end: End, slot: Slot, isShift: boolean): LinkPlan {
  const { path } = view.editor;
  if (!isShift || slot.links.length === 0) {
    return plan(
      view,
      { side: 'output', ends: [end], type: slot.type, replaces: null },
      {
        connect: (workflow, to) => joined(workflow, path, end, to),
        loosen: (workflow) => workflow,
      },
    );
  }
  const ends = slot.links.flatMap((id) => view.graph.links.get(id)?.to ?? []);
  return plan(
    view,
    { side: 'input', ends, type: slot.type, replaces: null },
    {
      connect: (workflow, to) => moveOutputLinks(workflow, path, end, to),
      loosen: (workflow) => removeLinks(workflow, path, slot.links),
    },
  );
}

function fromInput(view: View, end: End, slot: Slot, isShift: boolean): LinkPlan {
  const { path } = view.editor;
  const link = view.graph.links.get(slot.links[0] ?? '');
  if (link === undefined) {
    return plan(
      view,
      { side: 'input', ends: [end], type: slot.type, replaces: null },
      {
        connect: (workflow, from) => joined(workflow, path, from, end),
        loosen: (workflow) => workflow,
      },
    );
  }
  const start: LinkStart = {
    side: 'output',
    ends: [link.from],
    type: link.type,
    replaces: isShift ? null : link.id,
  };
  if (isShift) {
    return plan(view, start, {
      connect: (workflow, to) => joined(workflow, path, link.from, to, link.parent),
      loosen: (workflow) => workflow,
    });
  }
  return plan(view, start, {
    connect: (workflow, to) => moveInputLink(workflow, path, end, to),
    loosen: (workflow) => disconnectInput(workflow, path, end),
  });
}

/** Link two ends; one of them may be the free socket of a subgraph's ports, which makes a new port. */
function joined(
  workflow: Workflow,
  path: Path,
  from: End,
  to: End,
  parent: RerouteId | null = null,
): Workflow {
  const subgraph = workflow.subgraphs.get(subgraphIdAt(workflow, path) ?? '');
  if (subgraph !== undefined && isNewPort(from, subgraph)) return addInputFor(workflow, path, to);
  if (subgraph !== undefined && isNewPort(to, subgraph)) return addOutputFor(workflow, path, from);
  return connect(workflow, path, from, to, parent);
}

function plan(view: View, start: LinkStart, deeds: Deeds): LinkPlan {
  const sought = start.side === 'output' ? 'input' : 'output';
  const own = new Set(start.ends.map(({ node }) => node));
  const circle = circleOf(view, start);
  const hasType = ({ side, node, slot }: SocketRef): boolean => {
    const there =
      side === sought && !own.has(node) ? slotOf(view.scene.nodes.get(node), side, slot) : undefined;
    return there !== undefined && fits(there.type, start.type);
  };
  const isFree = (end: End): boolean => !circle().has(endKey(end));
  return {
    start,
    sought,
    loosen: deeds.loosen,
    connect: (workflow, to) => deeds.connect(workflow, bare(to)),
    fits: (socket) => hasType(socket) && isFree(socket),
    firstFit: (node) => {
      const found = firstFit(view, sought, own, node, start.type);
      return found !== null && isFree(found) ? found : null;
    },
    closesCircle: (node, slot) => {
      const found =
        slot === null
          ? firstFit(view, sought, own, node, start.type)
          : { side: sought as SocketRef['side'], node, slot };
      return found !== null && hasType(found) && !isFree(found);
    },
  };
}

/** Return the keys of the ends where the link would close a circle; counted when they are asked for first. */
function circleOf(view: View, { side, ends }: LinkStart): () => ReadonlySet<string> {
  let found: ReadonlySet<string> | null = null;
  return () => {
    if (found !== null) return found;
    const dependence = new Dependence(view.graph, view.editor.workflow.subgraphs);
    const [end] = ends;
    if (side === 'input') found = dependence.outputsBehind(ends);
    else found = end === undefined ? new Set() : dependence.inputsBefore(end);
    return found;
  };
}

/** Free sockets with a row of their own come first, then free widgets, then linked ones. */
function firstFit(
  view: View,
  side: 'input' | 'output',
  own: ReadonlySet<NodeId>,
  id: NodeId,
  type: string,
): SocketRef | null {
  const placed = own.has(id) ? undefined : view.scene.nodes.get(id);
  if (placed === undefined) return null;
  const { node, layout } = placed;
  const isShown = (input: InputSlot): boolean => layout.inputs[node.inputs.indexOf(input)] !== null;
  const slot =
    side === 'output'
      ? fittingSlot(node.outputs, type)
      : (fittingSlot(
          node.inputs,
          type,
          (input) => isShown(input) && input.link === null && input.widget === null,
        ) ??
        fittingSlot(node.inputs, type, (input) => isShown(input) && input.link === null) ??
        fittingSlot(node.inputs, type, isShown));
  return slot === null ? null : { side, node: id, slot };
}
