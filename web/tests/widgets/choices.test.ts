import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOf, rowsOf } from '../../src/widgets/choices.ts';

const MODELS = ['sd15/base.safetensors', 'flat.ckpt', 'sd15/inpaint.safetensors', 'sdxl\\base.safetensors'];

test('files are listed below the names of their folders, those in none first', () => {
  expect(rowsOf(MODELS, '').map(({ index, name }) => (index === null ? `[${name}]` : name))).toEqual([
    'flat.ckpt',
    '[sd15]',
    'base.safetensors',
    'inpaint.safetensors',
    '[sdxl]',
    'base.safetensors',
  ]);
});

test('what is found has all the words, in its folder or its name', () => {
  expect(rowsOf(MODELS, 'base SDXL').map(({ index }) => index)).toEqual([3]);
  expect(rowsOf(MODELS, 'nothing')).toEqual([]);
});

test('names that begin with what is sought come first', () => {
  expect(rowsOf(['my euler', 'euler', 'euler_cfg_pp'], 'euler').map(({ name }) => name)).toEqual([
    'euler',
    'euler_cfg_pp',
    'my euler',
  ]);
});

test('every choice is in the list once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '/', '\\', '.') })), (choices) => {
      const indexes = rowsOf(choices, '').flatMap(({ index }) => index ?? []);
      expect(indexes.toSorted((one, other) => one - other)).toEqual([...choices.keys()]);
    }),
  );
});

test('a value is found among choices that spell it otherwise', () => {
  expect(placeOf([1, 2, 3], '2')).toBe(1);
  expect(placeOf(['1', 1], 1)).toBe(1);
  expect(placeOf(['a'], 'b')).toBe(-1);
});
