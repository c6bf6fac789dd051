import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate } from '../../src/core/arithmetic.ts';

test.each([
  ['512*2+64', 1088],
  ['64 + 512 * 2', 1088],
  ['(3/4)^2', 0.5625],
  ['2^3^2', 512],
  ['2**-1', 0.5],
  ['-2^2', -4],
  ['1e3', 1000],
  ['.5', 0.5],
  ['7 % 4', 3],
  ['8×2÷4', 4],
  ['round(1024/7)', 146],
  ['max(1, 2, min(5, 3))', 3],
  ['pi', Math.PI],
  ['--3', 3],
])('%s is %d', (text, value) => {
  expect(evaluate(text)).toBe(value);
});

test.each([
  '',
  '   ',
  '1+',
  '(1',
  '1)',
  '1 2',
  'x',
  'constructor',
  'constructor(1)',
  'max()',
  '1/0',
  '0/0',
  '9e999',
  '1,2',
])('%j is no number', (text) => {
  expect(evaluate(text)).toBeNull();
});

test('depth has an end', () => {
  expect(evaluate('('.repeat(100_000) + '1' + ')'.repeat(100_000))).toBeNull();
  expect(evaluate('-'.repeat(100_000) + '1')).toBeNull();
});

test('sums and products of numbers are what JavaScript makes of them', () => {
  const number = fc.integer({ min: 0, max: 10_000 });
  const sign = fc.constantFrom('+', '-', '*');
  fc.assert(
    fc.property(number, fc.array(fc.tuple(sign, number), { maxLength: 8 }), (first, rest) => {
      const text = rest.reduce((sum, [mark, value]) => `${sum} ${mark} ${value}`, String(first));
      const products = text.split(/ (?=[+-] )/).map((part) => {
        const [head = '', ...factors] = part.replace(/^\+ /, '').replace(/^- /, '-').split(' * ');
        return factors.reduce((product, factor) => product * Number(factor), Number(head));
      });
      expect(evaluate(text)).toBe(products.reduce((sum, product) => sum + product, 0));
    }),
  );
});

test('no text whatever makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void evaluate(text)));
});
