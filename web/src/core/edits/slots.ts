/** Slots that come and go: links to the slots behind them are counted anew. */

import type { Link, LinkId, NodeId } from '../graph.ts';
import type { Draft, Level } from './draft.ts';
import { part } from './wires.ts';

/** Take an input away from a node, with its link. */
export function removeInputSlot(level: Level, draft: Draft, id: NodeId, index: number): void {
  const link = level.nodes.get(id)?.inputs[index]?.link;
  if (link !== null && link !== undefined) part(level, draft, link);
  level.nodes.change(id, (node) => ({ ...node, inputs: node.inputs.toSpliced(index, 1) }));
  renumberInputs(level, id);
}

/** Take an output away from a node, with its links. */
export function removeOutputSlot(level: Level, draft: Draft, id: NodeId, index: number): void {
  for (const link of level.nodes.get(id)?.outputs[index]?.links ?? []) part(level, draft, link);
  level.nodes.change(id, (node) => ({ ...node, outputs: node.outputs.toSpliced(index, 1) }));
  renumberOutputs(level, id);
}

/** Let the links into a node's inputs say the numbers that these have now. */
export function renumberInputs(level: Level, id: NodeId): void {
  level.nodes.get(id)?.inputs.forEach((slot, index) => {
    if (slot.link !== null) changeSlot(level, slot.link, 'to', index);
  });
}

/** Let the links from a node's outputs say the numbers that these have now. */
export function renumberOutputs(level: Level, id: NodeId): void {
  level.nodes.get(id)?.outputs.forEach((slot, index) => {
    for (const link of slot.links) changeSlot(level, link, 'from', index);
  });
}

/** Let the links of a subgraph's ports say the numbers that these have now. */
export function renumberPorts(level: Level): void {
  level.inputs.forEach((port, index) => {
    for (const link of port.links) changeSlot(level, link, 'from', index);
  });
  level.outputs.forEach((port, index) => {
    for (const link of port.links) changeSlot(level, link, 'to', index);
  });
}

function changeSlot(level: Level, id: LinkId, end: 'from' | 'to', slot: number): void {
  level.links.change(id, (link: Link) =>
    link[end].slot === slot ? link : { ...link, [end]: { node: link[end].node, slot } },
  );
}
