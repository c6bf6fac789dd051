import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WidgetKind, WidgetSpec } from '../../src/core/specs.ts';
import { atFraction, fractionIn, settled, shifted, shownNumber, stepped } from '../../src/widgets/number.ts';
import { randomSeed } from '../../src/widgets/random-seed.ts';
import { readNumber } from '../../src/widgets/read-number.ts';

function spec(kind: WidgetKind, given: Partial<WidgetSpec> = {}): WidgetSpec {
  return {
    kind,
    default: 0,
    min: null,
    max: null,
    step: null,
    round: null,
    display: 'number',
    choices: [],
    placeholder: '',
    labels: ['off', 'on'],
    hasControl: false,
    upload: null,
    isHidden: false,
    options: {},
    ...given,
  };
}

const cfg = spec('float', { min: 0, max: 100, step: 0.1, round: 0.01 });
const width = spec('int', { min: 16, max: 16384, step: 8 });
const anySpec = fc.record({
  kind: fc.constantFrom<WidgetKind>('int', 'float'),
  min: fc.integer({ min: -1000, max: 0 }),
  max: fc.integer({ min: 1, max: 1000 }),
  step: fc.constantFrom(null, 1, 8, 0.1, 0.05, 0.001),
});

describe('numbers', () => {
  test('show at least the decimals of their step', () => {
    expect(shownNumber(8, cfg)).toBe('8.0');
    expect(shownNumber(8.07, cfg)).toBe('8.07');
    expect(shownNumber(20, width)).toBe('20');
    expect(shownNumber(0.5, spec('float'))).toBe('0.50');
  });

  test('are shown so that they are read back as what they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (thousandths) => {
        const value = thousandths / 1000;
        expect(readNumber(shownNumber(value, cfg))).toBe(value);
      }),
    );
  });

  test('step along the grid and leave what is off it for the next place on it', () => {
    expect(stepped(512, width, 1)).toBe(520);
    expect(stepped(513, width, 1)).toBe(520);
    expect(stepped(513, width, -1)).toBe(512);
    expect(stepped(7.9, cfg, 1)).toBe(8);
    expect(stepped(0.3, cfg, -3)).toBe(0);
  });

  test('stay in their range however they are changed', () => {
    fc.assert(
      fc.property(
        anySpec,
        fc.double({ min: -2000, max: 2000, noNaN: true }),
        fc.integer({ min: -50, max: 50 }),
        (given, value, steps) => {
          const widget = spec(given.kind, given);
          const start = settled(value, widget);
          for (const changed of [
            start,
            stepped(start, widget, steps),
            shifted(start, widget, steps / 3),
            atFraction(steps / 50, widget),
          ]) {
            expect(changed).toBeGreaterThanOrEqual(given.min);
            expect(changed).toBeLessThanOrEqual(given.max);
            if (given.kind === 'int') expect(Number.isInteger(changed)).toBe(true);
          }
        },
      ),
    );
  });

  test('a step there and back is where it was, on the grid and inside the range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (tenths) => {
        expect(stepped(stepped(tenths / 10, cfg, 1), cfg, -1)).toBe(tenths / 10);
      }),
    );
  });

  test('have a place in a range that has two ends', () => {
    expect(fractionIn(25, spec('int', { min: 0, max: 100 }))).toBe(0.25);
    expect(fractionIn(25, spec('int', { min: 0 }))).toBeNull();
    expect(atFraction(0.25, spec('int', { min: 0, max: 100 }))).toBe(25);
  });

  test('may be typed as sums and with a comma', () => {
    expect(readNumber('512*2+64')).toBe(1088);
    expect(readNumber('0,5')).toBe(0.5);
    expect(readNumber('max(1,5)')).toBe(5);
    expect(readNumber('much')).toBeNull();
  });
});

test('seeds by chance are exact whole numbers in the range of their widget', () => {
  const seed = spec('seed', { min: 0, max: 18446744073709551615 });
  for (const chance of [0, 0.5, 1 - Number.EPSILON]) {
    const value = randomSeed(seed, () => chance);
    expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
  }
  expect(randomSeed(spec('seed', { min: 3, max: 5 }), () => 0.99)).toBe(5);
});
