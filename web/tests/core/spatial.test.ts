import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rect } from '../../src/core/graph.ts';
import { intersects, SpatialIndex } from '../../src/core/spatial.ts';

const place = fc.double({ min: -1e5, max: 1e5, noNaN: true });
const length = fc.oneof(
  fc.double({ min: 0, max: 400, noNaN: true }),
  fc.double({ min: 0, max: 1e5, noNaN: true }),
);
const rect: fc.Arbitrary<Rect> = fc.record({ x: place, y: place, width: length, height: length });
const change = fc.record({ key: fc.nat(20), rect: fc.option(rect) });

describe('the spatial index', () => {
  test('finds what a search through all finds, after any changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), rect, (changes, asked) => {
        const index = new SpatialIndex<number>();
        const all = new Map<number, Rect>();
        for (const { key, rect } of changes) {
          if (rect === null) {
            index.delete(key);
            all.delete(key);
          } else {
            index.set(key, rect);
            all.set(key, rect);
          }
        }
        const wanted = [...all].filter(([, each]) => intersects(each, asked)).map(([key]) => key);
        expect(index.query(asked).sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
        expect(index.size).toBe(all.size);
      }),
    );
  });

  test('keeps rectangles that only touch', () => {
    const index = new SpatialIndex<string>();
    index.set('a', { x: 0, y: 0, width: 256, height: 256 });
    expect(index.query({ x: 256, y: 256, width: 10, height: 10 })).toEqual(['a']);
    expect(index.query({ x: 256.5, y: 0, width: 10, height: 10 })).toEqual([]);
  });
});
