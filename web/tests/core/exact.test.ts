import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactInteger, parseExact, writeExact } from '../../src/core/exact.ts';
import { parseJson } from '../../src/core/files/json.ts';
import { readDocument } from '../../src/core/formats/read.ts';
import { toDocument } from '../../src/core/formats/write.ts';
import type { Json } from '../../src/core/graph.ts';
import { nextValue } from '../../src/core/seed-control.ts';
import { readSpecs } from '../../src/core/specs-read.ts';
import type { WidgetSpec } from '../../src/core/specs.ts';
import { stepped } from '../../src/widgets/number.ts';
import { readNumber } from '../../src/widgets/read-number.ts';

const MOST = 18446744073709551615n;
const SPECS = readSpecs(
  parseExact(
    '{"Noise": {"input": {"required": {"noise_seed": ["INT", {"default": 0, "min": 0, "max": 18446744073709551615}]}}}}',
  ),
);
const SEED = SPECS.get('Noise')?.inputs[0]?.widget as WidgetSpec;

test('whole numbers of 64 bits keep their digits, also in texts that hold digits themselves', () => {
  const integer = fc.bigInt({ min: -(2n ** 63n), max: MOST }).map(exactInteger);
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      integer,
      fc.string(),
      fc.constantFrom('"18446744073709551615"', '\\', ': 18446744073709551615,', null, true, 0.5),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (given, indent) => {
      expect(parseExact(writeExact(given, indent))).toEqual(given);
    }),
  );
});

test.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', 9007199254740993n],
  ['-18446744073709551615', -18446744073709551615n],
  ['1234567890123456.5', 1234567890123456.5],
  ['1234567890123456e3', 1234567890123456e3],
  [`1${'0'.repeat(40)}`, 1e40],
  ['["12345678901234567890"]', ['12345678901234567890']],
])('the text %s is read as the number that it is', (text, value) => {
  expect(parseExact(text)).toEqual(value);
});

test('a file with NaN keeps the digits of its numbers too', () => {
  expect(parseJson('[NaN, 18446744073709551615]')).toEqual([null, MOST]);
});

test('a document is opened and saved with all digits of its seeds', () => {
  const text = `{"nodes":[{"id":1,"type":"Noise","pos":[0,0],"size":[200,80],"widgets_values":[${MOST},"fixed"]}],"links":[],"version":0.4}`;
  const workflow = readDocument(parseExact(text), SPECS);
  expect(workflow.root.nodes.get('1')?.widgets.noise_seed).toBe(MOST);
  expect(writeExact(toDocument(workflow, SPECS))).toBe(text);
});

test.each<[Json, 'increment' | 'decrement', Json]>([
  [9007199254740991, 'increment', 9007199254740992n],
  [9007199254740992n, 'decrement', 9007199254740991],
  [MOST - 1n, 'increment', MOST],
  [MOST, 'increment', MOST],
  [0, 'decrement', 0],
])('a seed of %s becomes by %s %s', (value, mode, next) => {
  expect(nextValue(value, mode, SEED, () => 0)).toBe(next);
});

test('numbers that are typed or stepped keep their digits, up to the largest that is allowed', () => {
  expect(readNumber(' 18446744073709551614 ')).toBe(MOST - 1n);
  expect(stepped(MOST - 1n, SEED, 1)).toBe(MOST);
  expect(stepped(MOST, SEED, 10)).toBe(MOST);
  expect(stepped(9007199254740991, SEED, 2)).toBe(9007199254740993n);
});
