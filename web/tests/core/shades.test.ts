import { expect, test } from 'vitest';
import { lightened } from '../../src/core/shades.ts';

test.each([
  ['#000', '#adadad'],
  ['#223344', '#99b3cc'],
  ['#653', '#ddd2bb'],
  ['#ffffff', '#ffffff'],
  ['teal', 'teal'],
])('the colour %s is drawn as %s on light ground', (colour, shown) => {
  expect(lightened(colour)).toBe(shown);
});
