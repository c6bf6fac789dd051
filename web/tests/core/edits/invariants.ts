/** What is true of every workflow that edits may make; told as sentences about what is not. */

import {
  INPUT_NODE,
  OUTPUT_NODE,
  type End,
  type Graph,
  type Link,
  type LinkId,
  type Port,
  type RerouteId,
  type Workflow,
} from '../../../src/core/graph.ts';
import { promotedAt } from '../../../src/core/subgraphs/marks.ts';

interface Place {
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Return all that is wrong with a workflow. */
export function problemsOf(workflow: Workflow): string[] {
  const root: Place = { name: 'root', graph: workflow.root, inputs: [], outputs: [] };
  const insides = [...workflow.subgraphs.values()].map((subgraph) => ({ ...subgraph, name: subgraph.id }));
  const places: Place[] = [root, ...insides];
  return places.flatMap((place) =>
    [
      ...linkProblems(place),
      ...slotProblems(place),
      ...rerouteProblems(place),
      ...idProblems(place, workflow),
      ...instanceProblems(place, workflow),
    ].map((problem) => `${place.name}: ${problem}`),
  );
}

function linksAtStart(place: Place, end: End): readonly LinkId[] | undefined {
  if (end.node === INPUT_NODE) return place.inputs[end.slot]?.links;
  return place.graph.nodes.get(end.node)?.outputs[end.slot]?.links;
}

function linksAtTarget(place: Place, end: End): readonly LinkId[] | undefined {
  if (end.node === OUTPUT_NODE) return place.outputs[end.slot]?.links;
  const slot = place.graph.nodes.get(end.node)?.inputs[end.slot];
  return slot && (slot.link === null ? [] : [slot.link]);
}

function linkProblems(place: Place): string[] {
  const targets = new Set<string>();
  return [...place.graph.links.values()].flatMap((link) => {
    const problems: string[] = [];
    if (!linksAtStart(place, link.from)?.includes(link.id)) {
      problems.push(`link ${link.id}: its output does not know it`);
    }
    if (linksAtTarget(place, link.to)?.join() !== link.id) {
      problems.push(`link ${link.id}: its input does not hold it alone`);
    }
    const key = `${link.to.node}/${link.to.slot}`;
    if (targets.has(key)) problems.push(`link ${link.id}: a second one into ${key}`);
    targets.add(key);
    if (link.from.node === link.to.node) problems.push(`link ${link.id} joins a node to itself`);
    return problems;
  });
}

function slotProblems(place: Place): string[] {
  const { links, nodes } = place.graph;
  const claims: [LinkId, 'from' | 'to', End][] = [];
  for (const node of nodes.values()) {
    node.inputs.forEach(
      ({ link }, slot) => link !== null && claims.push([link, 'to', { node: node.id, slot }]),
    );
    node.outputs.forEach((output, slot) =>
      output.links.forEach((link) => claims.push([link, 'from', { node: node.id, slot }])),
    );
  }
  place.inputs.forEach((port, slot) =>
    port.links.forEach((link) => claims.push([link, 'from', { node: INPUT_NODE, slot }])),
  );
  place.outputs.forEach((port, slot) =>
    port.links.forEach((link) => claims.push([link, 'to', { node: OUTPUT_NODE, slot }])),
  );
  return claims
    .filter(([id, end, at]) => {
      const said = links.get(id)?.[end];
      return said === undefined || said.node !== at.node || said.slot !== at.slot;
    })
    .map(([id, end, at]) => `node ${at.node}, slot ${at.slot} claims the link ${id} (${end})`);
}

function rerouteProblems({ graph }: Place): string[] {
  const expected = new Map<RerouteId, LinkId[]>();
  const problems: string[] = [];
  for (const link of graph.links.values()) {
    for (const id of chain(graph, link, problems)) expected.set(id, [...(expected.get(id) ?? []), link.id]);
  }
  for (const reroute of graph.reroutes.values()) {
    if (reroute.parent !== null && !graph.reroutes.has(reroute.parent)) {
      problems.push(`reroute ${reroute.id}: its parent ${reroute.parent} is missing`);
    }
    const [has, wants] = [[...reroute.links].sort(), [...(expected.get(reroute.id) ?? [])].sort()];
    if (has.join() !== wants.join()) problems.push(`reroute ${reroute.id} carries ${has}, not ${wants}`);
    if (has.length === 0) problems.push(`reroute ${reroute.id} carries nothing`);
    const starts = has.map((id) => JSON.stringify(graph.links.get(id)?.from));
    if (new Set(starts).size > 1) problems.push(`reroute ${reroute.id} carries two outputs`);
  }
  return problems;
}

function chain(graph: Graph, link: Link, problems: string[]): RerouteId[] {
  const ids: RerouteId[] = [];
  for (let id = link.parent; id !== null; id = graph.reroutes.get(id)?.parent ?? null) {
    if (!graph.reroutes.has(id)) problems.push(`link ${link.id}: its reroute ${id} is missing`);
    if (ids.includes(id)) return [...ids, ...(problems.push(`reroute ${id} is its own parent`) ? [] : [])];
    ids.push(id);
  }
  return ids;
}

function idProblems({ graph }: Place, workflow: Workflow): string[] {
  const problems: string[] = [];
  for (const kind of ['nodes', 'links', 'groups', 'reroutes'] as const) {
    const most = kind === 'nodes' ? workflow.lastNodeId : workflow.lastLinkId;
    for (const [key, { id }] of graph[kind]) {
      if (key !== id) problems.push(`${kind}: ${key} holds ${id}`);
      if (Number(id) > most) problems.push(`${kind}: ${id} is above the count ${most}`);
    }
  }
  return problems;
}

function instanceProblems({ graph }: Place, workflow: Workflow): string[] {
  return [...graph.nodes.values()].flatMap((node) => {
    const subgraph = workflow.subgraphs.get(node.type);
    if (subgraph === undefined) return [];
    const [inputs, ports] = [node.inputs.map(({ name }) => name), subgraph.inputs.map(({ name }) => name)];
    const problems =
      inputs.join() === ports.join() ? [] : [`node ${node.id} has inputs ${inputs}, not ${ports}`];
    const [outputs, ends] = [node.outputs.map(({ name }) => name), subgraph.outputs.map(({ name }) => name)];
    if (outputs.join() !== ends.join()) problems.push(`node ${node.id} has outputs ${outputs}, not ${ends}`);
    subgraph.inputs.forEach(({ name }, index) => {
      const mark = promotedAt(subgraph.graph, index) === null ? null : name;
      const said = node.inputs[index]?.widget ?? null;
      if (said !== mark) problems.push(`node ${node.id}, input ${name} stands for ${said}, not for ${mark}`);
    });
    return problems;
  });
}
