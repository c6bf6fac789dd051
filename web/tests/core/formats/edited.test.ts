import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import { EMPTY_WORKFLOW, type Workflow } from '../../../src/core/graph.ts';
import { ALL, SPECS, withNodes } from '../edits/examples.ts';
import { applyEdit, RANDOM_EDITS, type RandomEdit } from '../edits/random.ts';
import { plainOf } from './plain.ts';

const STARTS: { readonly [name: string]: Workflow } = { nothing: EMPTY_WORKFLOW, loose: withNodes(ALL) };
const START = fc.constantFrom(...Object.keys(STARTS));

function edited(start: string, edits: readonly RandomEdit[]): Workflow {
  return edits.reduce(applyEdit, STARTS[start] as Workflow);
}

/** Save and open, through text as files do. */
function reopened(workflow: Workflow): Workflow {
  return readDocument(JSON.parse(JSON.stringify(toDocument(workflow, SPECS))), SPECS);
}

test('what is edited, saved and opened is the same workflow', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, (start, edits) => {
      const workflow = edited(start, edits);
      expect(plainOf(reopened(workflow))).toEqual(plainOf(workflow));
    }),
    { numRuns: 200 },
  );
});

test('edits after opening are saved too, and leave what was open as it was', () => {
  fc.assert(
    fc.property(START, RANDOM_EDITS, RANDOM_EDITS, (start, first, second) => {
      const opened = reopened(edited(start, first));
      const document = JSON.stringify(opened.raw);
      const workflow = second.reduce(applyEdit, opened);
      expect(plainOf(reopened(workflow))).toEqual(plainOf(workflow));
      expect(JSON.stringify(toDocument(opened, SPECS))).toBe(document);
    }),
    { numRuns: 200 },
  );
});

test('a value that no node around has is the one inside, through all levels', () => {
  const steps: RandomEdit[] = [
    { name: 'makeSubgraph', level: 0, a: 18543, b: 0, c: 0 },
    { name: 'promote', level: 50517, a: 0, b: 0, c: 0 },
    { name: 'makeSubgraph', level: 57339, a: 15943, b: 0, c: 0 },
    { name: 'widget', level: 4286, a: 0, b: 0, c: 0 },
    { name: 'add', level: 0, a: 0, b: 0, c: 0 },
  ];
  const opened = reopened(edited('nothing', [{ name: 'add', level: 0, a: 0, b: 0, c: 0 }]));
  const workflow = steps.reduce(applyEdit, opened);
  expect(plainOf(reopened(workflow))).toEqual(plainOf(workflow));
});

test('a widget that is promoted no more inside is promoted no more by the subgraphs around', () => {
  const step = (name: RandomEdit['name'], level: number, a = 0): RandomEdit => ({
    name,
    level,
    a,
    b: 0,
    c: 0,
  });
  const first = [
    step('makeSubgraph', 0, 11368),
    step('promote', 27711),
    step('makeSubgraph', 0, 36160),
    step('add', 0),
  ];
  const opened = reopened(edited('loose', first));
  const second = [step('unsocket', 10691), step('promote', 10855), step('widget', 4114)];
  const workflow = second.reduce(applyEdit, opened);
  expect(plainOf(reopened(workflow))).toEqual(plainOf(workflow));
});
