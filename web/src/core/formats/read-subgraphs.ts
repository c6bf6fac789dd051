/** The definitions of subgraphs in a document, from all depths: definitions may hold definitions. */

import type { JsonObject, Port, Subgraph } from '../graph.ts';
import { idOf, isList, isObject, pairOf, textOf, wantId, wantList, wantObject } from './fields.ts';
import { readGraph, USUAL_ENDS, type Ends } from './read-graph.ts';

/** Return all subgraphs by id; of two with one id the first counts. */
export function readSubgraphs(document: JsonObject): Map<string, Subgraph> {
  const found = new Map<string, Subgraph>();
  const read = (holder: JsonObject, prefix: string): void => {
    const place = `${prefix}definitions.subgraphs`;
    wantList(definitionsOf(holder, prefix), place).forEach((item, index) => {
      const fields = wantObject(item, `${place}[${index}]`);
      const subgraph = readSubgraph(fields, `${place}[${index}]`);
      if (!found.has(subgraph.id)) found.set(subgraph.id, subgraph);
      read(fields, `${place}[${index}].`);
    });
  };
  read(document, '');
  return found;
}

function definitionsOf(holder: JsonObject, prefix: string): unknown {
  return wantObject(holder.definitions ?? {}, `${prefix}definitions`).subgraphs;
}

function readSubgraph(fields: JsonObject, place: string): Subgraph {
  return {
    id: wantId(fields.id, `${place}.id`),
    name: textOf(fields.name) ?? '',
    graph: readGraph(fields, `${place}.`, endsOf(fields)),
    inputs: readPorts(fields.inputs, `${place}.inputs`),
    outputs: readPorts(fields.outputs, `${place}.outputs`),
    inputPos: endPos(fields.inputNode),
    outputPos: endPos(fields.outputNode),
    raw: fields,
  };
}

/** Return the ids that a definition gives to its ends. */
export function endsOf(fields: JsonObject): Ends {
  const [input, output] = [fields.inputNode, fields.outputNode].map((end) =>
    isObject(end) ? idOf(end.id) : null,
  );
  return { input: input ?? USUAL_ENDS.input, output: output ?? USUAL_ENDS.output };
}

/** Return the corner of an end's block. */
export function endPos(end: unknown): readonly [number, number] {
  return (isObject(end) && isList(end.bounding) ? pairOf(end.bounding) : null) ?? [0, 0];
}

function readPorts(items: unknown, place: string): Port[] {
  return wantList(items, place).map((item, index) =>
    readPort(wantObject(item, `${place}[${index}]`), `${place}[${index}]`),
  );
}

export function readPort(fields: JsonObject, place: string): Port {
  return {
    id: idOf(fields.id) ?? '',
    name: textOf(fields.name) ?? '',
    type: textOf(fields.type) ?? '*',
    label: textOf(fields.label),
    links: wantList(fields.linkIds, `${place}.linkIds`).map((id) => wantId(id, `${place}.linkIds`)),
    raw: fields,
  };
}
