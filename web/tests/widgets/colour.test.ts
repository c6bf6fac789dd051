import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHsv, readColour, toHsv, writeColour } from '../../src/widgets/colour.ts';

const number = fc.integer({ min: 0, max: 0xffffff });

test('a colour is the same after its hue, saturation and brightness were taken', () => {
  fc.assert(
    fc.property(number, (value) => {
      const colour = readColour(value) as string;
      expect(fromHsv(toHsv(colour))).toBe(colour);
    }),
  );
});

test('a number stays a number, a text keeps its opacity', () => {
  fc.assert(
    fc.property(number, (value) => {
      expect(writeColour(readColour(value) as string, value)).toBe(value);
    }),
  );
  expect(writeColour('#102030', '#ffffff80')).toBe('#10203080');
  expect(writeColour('#102030', 'red')).toBe('#102030');
});

test('what is no colour is none', () => {
  for (const value of ['', 'red', '#12345', -1, 0x1000000, 1.5, null]) expect(readColour(value)).toBeNull();
  expect(readColour('#F80')).toBe('#ff8800');
});
