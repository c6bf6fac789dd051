/** Random edits: numbers choose among what a workflow has, so that every sequence of them can be made. */

import fc from 'fast-check';
import { addGroupAround, contentsOf, fitGroup, removeGroups } from '../../../src/core/edits/groups.ts';
import { setMode, setTitle } from '../../../src/core/edits/flags.ts';
import {
  connect,
  connectFromReroute,
  disconnectInput,
  disconnectOutput,
  insertOnLink,
  moveInputLink,
  moveOutputLinks,
  removeLinks,
} from '../../../src/core/edits/links.ts';
import { moveItems } from '../../../src/core/edits/move.ts';
import { addNewNode, bringToFront, removeItems, removeNodes } from '../../../src/core/edits/nodes.ts';
import { duplicate } from '../../../src/core/edits/piece.ts';
import { addReroute, removeReroutes } from '../../../src/core/edits/reroutes.ts';
import { settle } from '../../../src/core/edits/settle.ts';
import { connectWidget, setWidget, socketToWidget } from '../../../src/core/edits/widgets.ts';
import {
  graphAt,
  INPUT_NODE,
  OUTPUT_NODE,
  subgraphIdAt,
  type End,
  type Graph,
  type NodeId,
  type Path,
  type Workflow,
} from '../../../src/core/graph.ts';
import { makeSubgraph } from '../../../src/core/subgraphs/make.ts';
import {
  addInputFor,
  addOutputFor,
  addPort,
  movePort,
  removePort,
  setPortLabel,
} from '../../../src/core/subgraphs/ports.ts';
import { demoteWidget, promoteWidget } from '../../../src/core/subgraphs/promote.ts';
import { unpackSubgraph } from '../../../src/core/subgraphs/unpack.ts';
import { ALL, SPECS } from './examples.ts';

/** The name of an edit and the numbers that choose what it changes; the first chooses the level. */
export interface RandomEdit {
  readonly name: keyof typeof EDITS;
  readonly level: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** What an edit has to choose from. */
class Choices {
  readonly graph: Graph;

  constructor(
    readonly workflow: Workflow,
    readonly path: Path,
    readonly numbers: RandomEdit,
  ) {
    this.graph = graphAt(workflow, path);
  }

  node(number: number): NodeId {
    return pick([...this.graph.nodes.keys()], number) ?? 'none';
  }

  link(number: number): string {
    return pick([...this.graph.links.keys()], number) ?? 'none';
  }

  reroute(number: number): string {
    return pick([...this.graph.reroutes.keys()], number) ?? 'none';
  }

  from(number: number): End {
    const ends = [...this.graph.nodes.values()].flatMap((node) =>
      node.outputs.map((_, slot) => ({ node: node.id, slot })),
    );
    const ports = this.#subgraph?.inputs.map((_, slot) => ({ node: INPUT_NODE, slot })) ?? [];
    return pick([...ends, ...ports], number) ?? NOWHERE;
  }

  to(number: number): End {
    const ends = [...this.graph.nodes.values()].flatMap((node) =>
      node.inputs.map((_, slot) => ({ node: node.id, slot })),
    );
    const ports = this.#subgraph?.outputs.map((_, slot) => ({ node: OUTPUT_NODE, slot })) ?? [];
    return pick([...ends, ...ports], number) ?? NOWHERE;
  }

  some(number: number): Set<NodeId> {
    return new Set([...this.graph.nodes.keys()].filter((_, index) => (number >> (index % 16)) % 2 === 1));
  }

  selection(): { nodes: Set<NodeId>; groups: Set<string>; reroutes: Set<string> } {
    const { a, b, c } = this.numbers;
    return {
      nodes: this.some(a),
      groups: new Set([...this.graph.groups.keys()].filter((_, index) => (b >> (index % 16)) % 2 === 1)),
      reroutes: new Set([...this.graph.reroutes.keys()].filter((_, index) => (c >> (index % 16)) % 2 === 1)),
    };
  }

  get #subgraph() {
    return this.workflow.subgraphs.get(subgraphIdAt(this.workflow, this.path) ?? '');
  }
}

const NOWHERE: End = { node: 'none', slot: 0 };

function pick<T>(items: readonly T[], number: number): T | undefined {
  return items[number % Math.max(items.length, 1)];
}

type Change = (workflow: Workflow, path: Path, choices: Choices) => Workflow;

function change(
  make: (choices: Choices, numbers: RandomEdit) => (workflow: Workflow, path: Path) => Workflow,
): Change {
  return (workflow, path, choices) => make(choices, choices.numbers)(workflow, path);
}

export const EDITS = {
  add: change(
    (_, { a, b, c }) =>
      (w, p) =>
        addNewNode(w, p, ALL[a % ALL.length] as (typeof ALL)[0], [b, c]),
  ),
  connect: change(
    (of, { a, b }) =>
      (w, p) =>
        connect(w, p, of.from(a), of.to(b)),
  ),
  connectBent: change(
    (of, { a, b, c }) =>
      (w, p) =>
        connect(w, p, of.from(a), of.to(b), of.reroute(c)),
  ),
  connectFromReroute: change(
    (of, { a, b }) =>
      (w, p) =>
        connectFromReroute(w, p, of.reroute(a), of.to(b)),
  ),
  connectWidget: change(
    (of, { a, b }) =>
      (w, p) =>
        connectWidget(w, p, of.from(a), of.node(b), 'steps', 'INT'),
  ),
  disconnectInput: change(
    (of, { a }) =>
      (w, p) =>
        disconnectInput(w, p, of.to(a)),
  ),
  disconnectOutput: change(
    (of, { a }) =>
      (w, p) =>
        disconnectOutput(w, p, of.from(a)),
  ),
  removeLink: change(
    (of, { a }) =>
      (w, p) =>
        removeLinks(w, p, [of.link(a)]),
  ),
  moveOutput: change(
    (of, { a, b }) =>
      (w, p) =>
        moveOutputLinks(w, p, of.from(a), of.from(b)),
  ),
  moveInput: change(
    (of, { a, b }) =>
      (w, p) =>
        moveInputLink(w, p, of.to(a), of.to(b)),
  ),
  insert: change(
    (of, { a, b }) =>
      (w, p) =>
        insertOnLink(w, p, of.link(a), of.node(b)),
  ),
  bend: change(
    (of, { a, b, c }) =>
      (w, p) =>
        addReroute(w, p, of.link(a), [b, c]),
  ),
  bendEarlier: change(
    (of, { a, b }) =>
      (w, p) =>
        addReroute(w, p, of.link(a), [b, b], of.reroute(b)),
  ),
  straighten: change(
    (of, { a }) =>
      (w, p) =>
        removeReroutes(w, p, [of.reroute(a)]),
  ),
  remove: change(
    (of, { a }) =>
      (w, p) =>
        removeNodes(w, p, [of.node(a)]),
  ),
  removeSome: change(
    (of, { a, b }) =>
      (w, p) =>
        removeNodes(w, p, of.some(a & b), true),
  ),
  removeReconnected: change(
    (of, { a }) =>
      (w, p) =>
        removeNodes(w, p, [of.node(a)], true),
  ),
  removeItems: change(
    (of, { a }) =>
      (w, p) =>
        a % 4 === 0 ? removeItems(w, p, of.selection(), true) : w,
  ),
  move: change(
    (of, { b, c }) =>
      (w, p) =>
        moveItems(w, p, of.selection(), [b - 100, c - 100]),
  ),
  title: change(
    (of, { a, b }) =>
      (w, p) =>
        setTitle(w, p, of.node(a), `title ${b}`),
  ),
  mode: change(
    (of, { a }) =>
      (w, p) =>
        setMode(w, p, of.some(a), 'bypass'),
  ),
  front: change(
    (of, { a }) =>
      (w, p) =>
        bringToFront(w, p, of.some(a)),
  ),
  widget: change(
    (of, { a, b }) =>
      (w, p) =>
        setWidget(w, p, of.node(a), 'steps', b),
  ),
  unsocket: change(
    (of, { a }) =>
      (w, p) =>
        socketToWidget(w, p, of.node(a), 'steps'),
  ),
  group: change(
    (of, { a }) =>
      (w, p) =>
        addGroupAround(w, p, 'Group', of.some(a)),
  ),
  fitGroup: change(
    (of, { a }) =>
      (w, p) =>
        fitGroup(w, p, pick([...of.graph.groups.keys()], a) ?? ''),
  ),
  ungroup: change(
    (of, { a }) =>
      (w, p) =>
        removeGroups(w, p, [pick([...of.graph.groups.keys()], a) ?? '']),
  ),
  moveGroup: change((of, { a }) => (w, p) => {
    const group = pick([...of.graph.groups.values()], a);
    return group === undefined ? w : moveItems(w, p, contentsOf(of.graph, group), [5, 5]);
  }),
  duplicate: change(
    (of, { a, b }) =>
      (w, p) =>
        of.graph.nodes.size > 40 ? w : duplicate(w, p, of.selection(), [20, 20], (a + b) % 2 === 0),
  ),
  makeSubgraph: change(
    (of) => (w, p) => makeSubgraph(w, p, of.selection(), 'Sub', `sub-${w.lastLinkId}-${w.lastNodeId}`),
  ),
  unpack: change(
    (of, { a }) =>
      (w, p) =>
        unpackSubgraph(w, p, instance(of, a)),
  ),
  addPort: change(
    (_, { a }) =>
      (w, p) =>
        addPort(w, p, a % 2 === 0 ? 'input' : 'output', 'x', 'INT'),
  ),
  addInputFor: change(
    (of, { a }) =>
      (w, p) =>
        addInputFor(w, p, of.to(a)),
  ),
  addOutputFor: change(
    (of, { a }) =>
      (w, p) =>
        addOutputFor(w, p, of.from(a)),
  ),
  removePort: change(
    (_, { a, b }) =>
      (w, p) =>
        removePort(w, p, a % 2 === 0 ? 'input' : 'output', b % 3),
  ),
  movePort: change(
    (_, { a, b, c }) =>
      (w, p) =>
        movePort(w, p, a % 2 === 0 ? 'input' : 'output', b % 3, c % 3),
  ),
  label: change(
    (_, { a, b }) =>
      (w, p) =>
        setPortLabel(w, p, a % 2 === 0 ? 'input' : 'output', b % 3, `label ${b}`),
  ),
  promote: change(
    (of, { a }) =>
      (w, p) =>
        promoteWidget(w, p, of.node(a), 'steps', 'INT'),
  ),
  settle: change(() => (w, p) => settle(w, p, SPECS)),
  demote: change(
    (of, { a }) =>
      (w, p) =>
        demoteWidget(w, p, of.node(a), 'steps'),
  ),
} satisfies Record<string, Change>;

function instance(of: Choices, number: number): NodeId {
  const nodes = [...of.graph.nodes.values()].filter(({ type }) => of.workflow.subgraphs.has(type));
  return pick(nodes, number)?.id ?? 'none';
}

/** Return every path of a workflow: the whole and each subgraph by each of its nodes. */
export function pathsOf(workflow: Workflow, path: Path = []): Path[] {
  const inside = [...graphAt(workflow, path).nodes.values()]
    .filter(({ type }) => workflow.subgraphs.has(type))
    .slice(0, 3)
    .flatMap(({ id }) => pathsOf(workflow, [...path, id]));
  return [path, ...inside];
}

/** Make a random edit on a random level. */
export function applyEdit(workflow: Workflow, edit: RandomEdit): Workflow {
  const path = pick(pathsOf(workflow), edit.level) ?? [];
  return EDITS[edit.name](workflow, path, new Choices(workflow, path, edit));
}

const NUMBER = fc.nat({ max: 65535 });

export const RANDOM_EDITS: fc.Arbitrary<RandomEdit[]> = fc.array(
  fc.record({
    name: fc.constantFrom(...(Object.keys(EDITS) as (keyof typeof EDITS)[])),
    level: NUMBER,
    a: NUMBER,
    b: NUMBER,
    c: NUMBER,
  }),
  { minLength: 1, maxLength: 60, size: 'max' },
);
