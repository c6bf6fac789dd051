import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closesCircle, Dependence, endKey } from '../../src/core/circles.ts';
import { connect, insertOnLink, moveInputLink, moveOutputLinks } from '../../src/core/edits/links.ts';
import type { Graph, Workflow } from '../../src/core/graph.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { applyEdit, RANDOM_EDITS } from './edits/random.ts';
import { SCALE, usualWorkflow, withNodes } from './edits/examples.ts';

/** Four nodes with an image in and an image out: 1 → 2 → 3 → 4. */
function row(): Workflow {
  let workflow = withNodes([SCALE, SCALE, SCALE, SCALE]);
  for (const [from, to] of ['12', '23', '34'].map((pair) => [...pair] as [string, string]))
    workflow = connect(workflow, [], { node: from, slot: 0 }, { node: to, slot: 0 });
  return workflow;
}

const out = (node: string) => ({ node, slot: 0 });
const into = (node: string) => ({ node, slot: 0 });

test('a link that would close a circle over several nodes is not made, whichever way it is drawn', () => {
  const workflow = row();
  expect(connect(workflow, [], out('4'), into('1'))).toBe(workflow);
  expect(connect(workflow, [], out('3'), into('2'))).toBe(workflow);
  expect(moveOutputLinks(workflow, [], out('1'), out('4'))).toBe(workflow);
  expect(moveInputLink(workflow, [], into('4'), into('1'))).toBe(workflow);
  expect(insertOnLink(workflow, [], '1', '4')).toBe(workflow);
  expect(connect(workflow, [], out('1'), into('4'))).not.toBe(workflow);
});

test('through a subgraph only what leads from a port to a port counts', () => {
  const selection = { nodes: new Set(['1', '3']), groups: new Set<string>(), reroutes: new Set<string>() };
  const workflow = makeSubgraph(row(), [], selection, 'Ends', 'ends');
  const host = [...workflow.root.nodes.values()].find(({ type }) => type === 'ends')!;
  const [slot] = host.inputs.flatMap(({ link }, index) => (link === null ? [] : [index]));
  const first = host.outputs.findIndex(({ links }) => {
    return links.some((id) => workflow.root.links.get(id)?.to.node === '2');
  });
  expect(closesCircle(workflow.root, workflow.subgraphs, out('2'), { node: host.id, slot: slot! })).toBe(
    false,
  );
  const again = { node: host.id, slot: 1 - first };
  expect(closesCircle(workflow.root, workflow.subgraphs, again, into('2'))).toBe(true);
});

test('forwards and backwards are of one mind', () => {
  fc.assert(
    fc.property(RANDOM_EDITS, (edits) => {
      const { root, subgraphs } = edits.reduce(applyEdit, usualWorkflow());
      const dependence = new Dependence(root, subgraphs);
      for (const [from, before] of outputsOf(root).map(
        (end) => [end, dependence.inputsBefore(end)] as const,
      )) {
        for (const to of inputsOf(root)) {
          const isBehind = dependence.outputsBehind([to]).has(endKey(from));
          expect(before.has(endKey(to)), `${endKey(from)} and ${endKey(to)}`).toBe(isBehind);
        }
      }
    }),
    { numRuns: 30 },
  );
});

function outputsOf({ nodes }: Graph) {
  return [...nodes.values()].flatMap(({ id, outputs }) => outputs.map((_, slot) => ({ node: id, slot })));
}

function inputsOf({ nodes }: Graph) {
  return [...nodes.values()].flatMap(({ id, inputs }) => inputs.map((_, slot) => ({ node: id, slot })));
}
