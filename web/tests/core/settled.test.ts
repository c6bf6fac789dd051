import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Settled } from '../../src/core/settled.ts';
import { Store } from '../../src/core/store.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a settled store tells the last value once, after the source rests', () => {
  const source = new Store(1);
  const settled = new Settled(source);
  const told: number[] = [];
  settled.watch((value) => told.push(value));
  for (const value of [2, 3, 4]) {
    source.set(value);
    vi.advanceTimersByTime(50);
  }
  expect([settled.value, told]).toEqual([1, []]);
  vi.advanceTimersByTime(200);
  expect([settled.value, told]).toEqual([4, [4]]);
});

test('a settled store tells nothing after its watch ended', () => {
  const source = new Store(1);
  const told: number[] = [];
  const end = new Settled(source).watch((value) => told.push(value));
  source.set(2);
  end();
  vi.advanceTimersByTime(500);
  expect(told).toEqual([]);
});
