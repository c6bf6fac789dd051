import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  between,
  fitted,
  LEAST_ZOOM,
  MOST_ZOOM,
  toGraph,
  toScreen,
  viewport,
  zoomed,
} from '../../src/core/camera.ts';
import { alignTo, snapped } from '../../src/core/guides.ts';
import { nextTowards } from '../../src/core/navigate.ts';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const camera = fc.record({
  x: number(-5000, 5000),
  y: number(-5000, 5000),
  zoom: number(LEAST_ZOOM, MOST_ZOOM),
});
const point = fc.tuple(number(-3000, 3000), number(-3000, 3000));
const rect = fc.record({
  x: number(-3000, 3000),
  y: number(-3000, 3000),
  width: number(1, 4000),
  height: number(1, 4000),
});

describe('a camera', () => {
  test('turns places into pixels and back', () => {
    fc.assert(
      fc.property(camera, point, (from, at) => {
        const back = toGraph(from, toScreen(from, at));
        expect(back[0]).toBeCloseTo(at[0], 5);
        expect(back[1]).toBeCloseTo(at[1], 5);
      }),
    );
  });

  test('zooms around what is below the pointer', () => {
    fc.assert(
      fc.property(camera, number(0.1, 10), point, (from, factor, at) => {
        const to = zoomed(from, factor, at);
        expect(to.zoom).toBeGreaterThanOrEqual(LEAST_ZOOM);
        expect(to.zoom).toBeLessThanOrEqual(MOST_ZOOM);
        expect(toGraph(to, at)[0]).toBeCloseTo(toGraph(from, at)[0], 4);
      }),
    );
  });

  test('that fits a rectangle sees all of it unless it is too large', () => {
    fc.assert(
      fc.property(rect, (wanted) => {
        const size = [1200, 800] as const;
        const seen = viewport(fitted(wanted, size), size);
        expect(seen.x).toBeLessThanOrEqual(wanted.x + 1e-6);
        expect(seen.y + seen.height).toBeGreaterThanOrEqual(wanted.y + wanted.height - 1e-6);
      }),
    );
  });

  test('glides from one to the other', () => {
    fc.assert(
      fc.property(camera, camera, (from, to) => {
        const [start, end] = [between(from, to, 0), between(from, to, 1)];
        expect(start.x).toBeCloseTo(from.x, 3);
        expect(end.x).toBeCloseTo(to.x, 3);
        expect(end.zoom).toBeCloseTo(to.zoom, 6);
      }),
    );
  });
});

describe('alignment', () => {
  const others = [{ x: 100, y: 0, width: 200, height: 100 }];

  test('goes to the nearest line in reach and shows it', () => {
    const { by, guides } = alignTo({ x: 103, y: 300, width: 80, height: 50 }, others, 5);
    expect(by).toEqual([-3, 0]);
    expect(guides).toEqual([{ axis: 'x', at: 100, from: 0, to: 350 }]);
  });

  test('leaves alone what is far from every line', () => {
    expect(alignTo({ x: 130, y: 300, width: 53, height: 50 }, others, 5)).toEqual({ by: [0, 0], guides: [] });
  });

  test('snaps to the grid by less than a step', () => {
    fc.assert(
      fc.property(point, ([x, y]) => {
        const [sx, sy] = snapped([x, y], 20);
        expect(Math.max(Math.abs(sx - x), Math.abs(sy - y))).toBeLessThanOrEqual(10);
        expect(Math.abs(sx % 20) + Math.abs(sy % 20)).toBe(0);
      }),
    );
  });
});

describe('arrow keys', () => {
  const at = (x: number, y: number) => ({ x, y, width: 100, height: 100 });
  const others = [
    ['right', at(300, 20)],
    ['below', at(10, 400)],
    ['far', at(900, 0)],
    ['aside', at(250, 600)],
  ] as const;

  test('go to the nearest one in their direction', () => {
    expect(nextTowards('right', at(0, 0), others)).toBe('right');
    expect(nextTowards('down', at(0, 0), others)).toBe('below');
    expect(nextTowards('left', at(300, 20), [['back', at(0, 0)]])).toBe('back');
  });

  test('stay where nothing lies in their direction', () => {
    expect(nextTowards('left', at(0, 0), others)).toBeNull();
    expect(nextTowards('up', at(0, 0), others)).toBeNull();
  });
});
