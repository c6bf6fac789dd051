import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { History } from '../../../src/core/history.ts';
import { EMPTY_WORKFLOW, type Workflow } from '../../../src/core/graph.ts';
import { ALL, usualWorkflow, withNodes } from './examples.ts';
import { problemsOf } from './invariants.ts';
import { applyEdit, RANDOM_EDITS } from './random.ts';

vi.setConfig({ testTimeout: 60_000 }); // many runs, on machines that do other things too

const STARTS = { nothing: EMPTY_WORKFLOW, loose: withNodes(ALL), usual: usualWorkflow() };
const START = fc.constantFrom<keyof typeof STARTS>('nothing', 'loose', 'usual');

test('the usual workflow is sound', () => {
  expect(problemsOf(usualWorkflow())).toEqual([]);
});

test('any edits keep links, slots, ports and reroutes in agreement', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, (start, edits) => {
      let workflow = STARTS[start];
      for (const edit of edits) {
        workflow = applyEdit(workflow, edit);
        expect(problemsOf(workflow), edit.name).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('a number is never given to a second node, link, reroute or group', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, (start, edits) => {
      let workflow = STARTS[start];
      for (const edit of edits) {
        const before = workflow;
        workflow = applyEdit(before, edit);
        const old = idsOf(before);
        for (const id of idsOf(workflow)) {
          const [kind, number] = id.split(' ');
          const most = kind === 'nodes' ? before.lastNodeId : before.lastLinkId;
          if (!old.has(id)) expect(Number(number), `${edit.name}: ${id}`).toBeGreaterThan(most);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('undo of everything gives the very first workflow, redo the very last', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, (start, edits) => {
      const history = new History(STARTS[start], () => 0);
      const states = [STARTS[start]];
      for (const edit of edits) {
        history.do(edit.name, (workflow) => applyEdit(workflow, edit));
        const { workflow } = history.present.value;
        if (workflow !== states.at(-1)) states.push(workflow);
      }
      for (const state of states.toReversed()) {
        expect(history.present.value.workflow).toBe(state);
        history.undo();
      }
      expect(history.canUndo).toBe(false);
      for (const state of states) {
        expect(history.present.value.workflow).toBe(state);
        history.redo();
      }
      expect(history.canRedo).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('edits leave the workflow that they are given as it was', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, (start, edits) => {
      const text = textOf(STARTS[start]);
      edits.reduce(applyEdit, STARTS[start]);
      expect(textOf(STARTS[start])).toBe(text);
    }),
    { numRuns: 100 },
  );
});

/** Return the kinds and ids of all that a workflow has, on any level. */
function idsOf(workflow: Workflow): Set<string> {
  const graphs = [workflow.root, ...[...workflow.subgraphs.values()].map(({ graph }) => graph)];
  const kinds = ['nodes', 'links', 'reroutes', 'groups'] as const;
  return new Set(
    graphs.flatMap((graph) => kinds.flatMap((kind) => [...graph[kind].keys()].map((id) => `${kind} ${id}`))),
  );
}

function textOf(workflow: Workflow): string {
  return JSON.stringify(workflow, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
