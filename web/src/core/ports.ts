/**
 * The ends of a subgraph as seen from inside: its inputs and its outputs, as two nodes that no file has.
 *
 *     portNodes(subgraph)[0].outputs; // a slot for each input of the subgraph
 */

import { HEADER, SLOT_ROW, PADDING_Y } from './geometry.ts';
import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type GraphNode,
  type InputSlot,
  type OutputSlot,
  type Point,
  type Port,
  type Subgraph,
} from './graph.ts';

const WIDTH = 150;
const FREE_START: OutputSlot = { name: '+', type: '*', label: null, links: [], raw: {} };
const FREE_TARGET: InputSlot = { ...FREE_START, widget: null, isOptional: true, link: null };

export function isPortNode(node: GraphNode): boolean {
  return node.id === INPUT_NODE || node.id === OUTPUT_NODE;
}

/** Say whether an end is the free socket below the ports: what is linked to it becomes a new port. */
export function isNewPort({ node, slot }: End, subgraph: Subgraph): boolean {
  if (node === INPUT_NODE) return slot === subgraph.inputs.length;
  return node === OUTPUT_NODE && slot === subgraph.outputs.length;
}

/** Return the node of the inputs and the node of the outputs, each with a free socket below its ports. */
export function portNodes(subgraph: Subgraph, inputTitle = '', outputTitle = ''): readonly GraphNode[] {
  const { inputs, outputs, inputPos, outputPos } = subgraph;
  const starts = inputs.map(({ name, type, label, links, raw }) => ({ name, type, label, links, raw }));
  const targets = outputs.map(({ name, type, label, links, raw }) => {
    return { name, type, label, widget: null, isOptional: true, link: links[0] ?? null, raw };
  });
  return [
    { ...blank(INPUT_NODE, inputTitle, inputPos, inputs), outputs: [...starts, FREE_START] },
    { ...blank(OUTPUT_NODE, outputTitle, outputPos, outputs), inputs: [...targets, FREE_TARGET] },
  ];
}

/** The place of a port node in the file is its upper left corner, where the header is. */
function blank(id: string, title: string, [x, y]: Point, ports: readonly Port[]): GraphNode {
  return {
    id,
    type: id,
    title,
    pos: [x, y + HEADER],
    size: [WIDTH, (ports.length + 1) * SLOT_ROW + 2 * PADDING_Y],
    mode: 'always',
    isCollapsed: false,
    isPinned: false,
    color: null,
    bgcolor: null,
    inputs: [],
    outputs: [],
    widgets: {},
    rawWidgets: undefined,
    properties: {},
    raw: {},
  };
}
