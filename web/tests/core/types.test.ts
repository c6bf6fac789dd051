import { expect, test } from 'vitest';
import { common, fits, plainType, typeVariable, variableOf } from '../../src/core/types.ts';

test.each([
  ['IMAGE', 'IMAGE', true],
  ['image', 'IMAGE', true],
  ['IMAGE', 'MASK', false],
  ['IMAGE', 'IMAGE,MASK', true],
  ['IMAGE, LATENT', 'MASK,LATENT', true],
  ['*', 'MASK', true],
  ['MASK', '*', true],
  ['STRING', 'COMBO', true],
  ['COMBO', 'STRING', false],
  ['INT', 'FLOAT', false],
  ['COMFY_MATCHTYPE_V3', 'LATENT', true],
  ['IMAGE', '<T>IMAGE,MASK', true],
  ['LATENT', '<T>IMAGE,MASK', false],
])('%s into %s: %s', (output, input, expected) => {
  expect(fits(output, input)).toBe(expected);
});

test('a variable has a name and what it allows', () => {
  const type = typeVariable('T', 'IMAGE,MASK');
  expect([variableOf(type), plainType(type)]).toEqual(['T', 'IMAGE,MASK']);
  expect([variableOf('IMAGE'), plainType('IMAGE')]).toEqual([null, 'IMAGE']);
});

test('what two types have in common', () => {
  expect(common('*', 'IMAGE')).toBe('IMAGE');
  expect(common('IMAGE,MASK', 'MASK,LATENT')).toBe('MASK');
  expect(common('IMAGE', 'MASK')).toBeNull();
});
