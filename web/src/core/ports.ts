/**
 * The ends of a subgraph as seen from inside: its inputs and its outputs, as two nodes that no file has.
 *
 *     portNodes(subgraph)[0].outputs; // a slot for each input of the subgraph
 */

import { HEADER, SLOT_ROW, PADDING_Y } from './geometry.ts';
import { INPUT_NODE, OUTPUT_NODE, type GraphNode, type Point, type Port, type Subgraph } from './graph.ts';

const WIDTH = 150;

export function isPortNode(node: GraphNode): boolean {
  return node.id === INPUT_NODE || node.id === OUTPUT_NODE;
}

/** Return the node of the inputs and the node of the outputs. */
export function portNodes(subgraph: Subgraph): readonly GraphNode[] {
  const { inputs, outputs, inputPos, outputPos } = subgraph;
  const starts = inputs.map(({ name, type, label, links, raw }) => ({ name, type, label, links, raw }));
  const targets = outputs.map(({ name, type, label, links, raw }) => {
    return { name, type, label, widget: null, isOptional: true, link: links[0] ?? null, raw };
  });
  return [
    { ...blank(INPUT_NODE, inputPos, inputs), outputs: starts },
    { ...blank(OUTPUT_NODE, outputPos, outputs), inputs: targets },
  ];
}

/** The place of a port node in the file is its upper left corner, where the header is. */
function blank(id: string, [x, y]: Point, ports: readonly Port[]): GraphNode {
  return {
    id,
    type: id,
    title: '',
    pos: [x, y + HEADER],
    size: [WIDTH, ports.length * SLOT_ROW + 2 * PADDING_Y],
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
