import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/graph.ts';
import { planOf } from '../../src/core/run-plan.ts';

/** An API document without cycles: node n reads some of those before it. */
const prompt: fc.Arbitrary<JsonObject> = fc
  .array(fc.array(fc.nat(20), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((reads) =>
    Object.fromEntries(
      reads.map((sources, at) => {
        const links = sources
          .filter((source) => source < at)
          .map((source, index) => [`in${index}`, [String(source), 0]]);
        return [
          String(at),
          { class_type: at % 3 === 0 ? 'Save' : 'Plain', inputs: Object.fromEntries(links) },
        ];
      }),
    ),
  );
const isOutput = (type: string): boolean => type === 'Save';

test('a plan holds the outputs, all that they read, and nothing else', () => {
  fc.assert(
    fc.property(prompt, (document) => {
      const plan = new Set(planOf(document, null, isOutput));
      const outputs = Object.keys(document).filter((key) => Number(key) % 3 === 0);
      const reads = (key: string): readonly string[] =>
        Object.values((document[key] as { inputs: JsonObject }).inputs).map(
          (link) => (link as [string, number])[0],
        );
      for (const key of outputs) expect(plan.has(key)).toBe(true);
      for (const key of plan) for (const source of reads(key)) expect(plan.has(source)).toBe(true);
      for (const key of plan) {
        const isRead = [...plan].some((other) => reads(other).includes(key));
        expect(isRead || outputs.includes(key)).toBe(true);
      }
    }),
  );
});

test('a run to some nodes plans no others', () => {
  const document = {
    1: { class_type: 'Plain', inputs: { a: 3 } },
    2: { class_type: 'Save', inputs: { b: ['1', 0] } },
  };
  expect(planOf(document, ['1'], isOutput)).toEqual(['1']);
  expect(planOf(document, ['gone'], isOutput)).toEqual([]);
});
