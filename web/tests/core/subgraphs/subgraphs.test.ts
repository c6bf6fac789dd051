import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { connect } from '../../../src/core/edits/links.ts';
import { duplicate } from '../../../src/core/edits/piece.ts';
import { setWidget } from '../../../src/core/edits/widgets.ts';
import { INPUT_NODE, type Graph, type NodeId, type Workflow } from '../../../src/core/graph.ts';
import { makeSubgraph } from '../../../src/core/subgraphs/make.ts';
import {
  addInputFor,
  addPort,
  movePort,
  removePort,
  setPortLabel,
} from '../../../src/core/subgraphs/ports.ts';
import { demoteWidget, promoteWidget, promotedOf } from '../../../src/core/subgraphs/promote.ts';
import { specOf } from '../../../src/core/subgraphs/spec.ts';
import { unpackSubgraph } from '../../../src/core/subgraphs/unpack.ts';
import { EMPTY_LATENT, INT, SAMPLER, SPECS, usualWorkflow, withNodes } from '../edits/examples.ts';
import { problemsOf } from '../edits/invariants.ts';
import { applyEdit, RANDOM_EDITS, type RandomEdit } from '../edits/random.ts';

vi.setConfig({ testTimeout: 60_000 }); // many runs, on machines that do other things too

const some = (...ids: NodeId[]) => ({
  nodes: new Set(ids),
  groups: new Set<string>(),
  reroutes: new Set<string>(),
});

function wires(graph: Graph): string[] {
  const texts = [...graph.links.values()].map(
    ({ from, to }) => `${from.node}.${from.slot}>${to.node}.${to.slot}`,
  );
  return texts.sort();
}

/** A latent and a sampler in a subgraph, twice: nodes 3 and 4 of the whole. */
function twoInstances(): Workflow {
  const loose = connect(
    withNodes([EMPTY_LATENT, SAMPLER]),
    [],
    { node: '1', slot: 0 },
    { node: '2', slot: 3 },
  );
  const made = makeSubgraph(loose, [], some('1', '2'), 'Sample', 'sample');
  return duplicate(made, [], some('3'), [300, 0]);
}

test('links over the border get ports, one for each output that they come from', () => {
  const { root, subgraphs } = usualWorkflow();
  expect(wires(root)).toContain('11.0>8.0');
  const make = subgraphs.get('make');
  expect(make?.inputs.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'model MODEL',
    'positive CONDITIONING',
    'negative CONDITIONING',
    'latent LATENT',
    'vae VAE',
  ]);
  expect(make?.outputs.map(({ name }) => name)).toEqual(['IMAGE', 'IMAGE_1']);
});

/** One output gives a widget and a socket, which share a port. */
const SHARED_START = [
  { name: 'connectWidget', level: 0, a: 46586, b: 13525, c: 0 },
  { name: 'connect', level: 18542, a: 58535, b: 24141, c: 0 },
  { name: 'add', level: 11640, a: 0, b: 0, c: 0 },
] as RandomEdit[];

test('made and unpacked again, a workflow has the nodes, places and links of before', () => {
  const start = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(RANDOM_EDITS, start, (edits, picks) => {
      const workflow = edits.filter(({ level }) => level % 2 === 0).reduce(applyEdit, usualWorkflow());
      const ids = [...workflow.root.nodes.keys()];
      const chosen = picks.map((pick) => ids[pick % Math.max(ids.length, 1)] ?? 'none');
      const made = makeSubgraph(workflow, [], some(...chosen), 'Sub', 'sub');
      const host = [...made.root.nodes.values()].find(({ type }) => type === 'sub')?.id ?? 'none';
      const back = unpackSubgraph(made, [], host);
      expect(problemsOf(back)).toEqual([]);
      expect(wires(back.root)).toEqual(wires(workflow.root));
      for (const [id, node] of workflow.root.nodes) {
        const after = back.root.nodes.get(id);
        expect(after?.widgets).toEqual(node.widgets);
        expect(after?.pos[0]).toBeCloseTo(node.pos[0], 6);
        expect(after?.pos[1]).toBeCloseTo(node.pos[1], 6);
      }
      expect(back.subgraphs.has('sub')).toBe(false);
    }),
    { numRuns: 200, examples: [[SHARED_START, [6, 8]]] },
  );
});

test('all instances follow the ports', () => {
  let workflow = addPort(twoInstances(), ['3'], 'input', 'strength', 'FLOAT');
  workflow = addPort(workflow, ['3'], 'input', 'strength', 'FLOAT');
  const names = (id: NodeId) => workflow.root.nodes.get(id)?.inputs.map(({ name }) => name);
  expect([names('3'), names('4')]).toEqual([
    ['strength', 'strength_1'],
    ['strength', 'strength_1'],
  ]);
  workflow = setPortLabel(movePort(workflow, ['3'], 'input', 0, 1), ['3'], 'input', 0, 'Power');
  expect(names('4')).toEqual(['strength_1', 'strength']);
  expect(workflow.root.nodes.get('4')?.inputs[0]?.label).toBe('Power');
  workflow = removePort(workflow, ['3'], 'input', 0);
  expect([names('3'), names('4')]).toEqual([['strength'], ['strength']]);
});

test('a promoted widget is shown by each instance with a value of its own', () => {
  let workflow = promoteWidget(twoInstances(), ['3'], '2', 'steps', 'INT');
  workflow = setWidget(workflow, [], '4', 'steps', 33);
  const [one, other] = [workflow.root.nodes.get('3'), workflow.root.nodes.get('4')];
  expect([one?.widgets['steps'], other?.widgets['steps']]).toEqual([20, 33]);
  const subgraph = workflow.subgraphs.get('sample');
  expect(subgraph && other && promotedOf(other, subgraph)).toEqual([
    { key: 'steps', node: '2', widget: 'steps', port: 0 },
  ]);
  const shown = other && specOf(other, workflow, SPECS)?.inputs.find(({ name }) => name === 'steps');
  expect(shown?.widget?.kind).toBe('int');
  const unpacked = unpackSubgraph(workflow, [], '4');
  const sampler = [...unpacked.root.nodes.values()].find(({ type }) => type === 'Sampler');
  expect(sampler?.widgets['steps']).toBe(33);
  expect(promoteWidget(workflow, ['3'], '2', 'steps', 'INT')).toBe(workflow);
});

test('a demoted widget has its own value again, and the instances no slot for it', () => {
  const workflow = demoteWidget(
    promoteWidget(twoInstances(), ['3'], '2', 'steps', 'INT'),
    ['3'],
    '2',
    'steps',
  );
  expect(workflow.root.nodes.get('3')?.inputs).toEqual([]);
  expect(workflow.root.nodes.get('3')?.widgets).toEqual({});
  expect(problemsOf(workflow)).toEqual([]);
});

test('widgets promoted through two levels are shown with the spec of the innermost', () => {
  let workflow = promoteWidget(twoInstances(), ['3'], '2', 'steps', 'INT');
  workflow = makeSubgraph(workflow, [], some('3'), 'Outer', 'outer');
  workflow = promoteWidget(workflow, [String(workflow.lastNodeId)], '3', 'steps', 'INT');
  const outer = workflow.root.nodes.get(String(workflow.lastNodeId));
  const shown = outer && specOf(outer, workflow, SPECS)?.inputs[0];
  expect([shown?.name, shown?.widget?.kind]).toEqual(['steps', 'int']);
});

test('a link dropped on the block of ports makes a port that all instances get', () => {
  const workflow = addInputFor(twoInstances(), ['3'], { node: '2', slot: 0 });
  const inner = workflow.subgraphs.get('sample');
  expect(wires(inner?.graph as Graph)).toContain(`${INPUT_NODE}.0>2.0`);
  expect(workflow.root.nodes.get('4')?.inputs.map(({ name, type }) => [name, type])).toEqual([
    ['model', 'MODEL'],
  ]);
});

test('a link into a widget becomes a port that stands for the widget', () => {
  let workflow = withNodes([INT, SAMPLER]);
  workflow = connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 4 });
  workflow = makeSubgraph(workflow, [], some('2'), 'Sub', 'sub');
  expect(workflow.root.nodes.get('3')?.inputs).toMatchObject([{ name: 'steps', widget: 'steps', link: '3' }]);
});
