/**
 * Numbers in widgets: how they are shown, stepped and kept in their range.
 *
 *     shownNumber(8, cfg); // "8.0"
 *     stepped(513, width, 1); // 520: the next on the grid of steps
 *
 * Whole numbers that a double cannot hold are bigints.
 */

import { exactInteger } from '../core/exact.ts';
import { inRange } from '../core/limits.ts';
import type { WidgetSpec } from '../core/specs.ts';

const MOST_DECIMALS = 8;
const PLAIN_STEP = 0.01;

export function isInteger(spec: WidgetSpec): boolean {
  return spec.kind === 'int' || spec.kind === 'seed';
}

/** Return by how much arrows change a number. */
export function stepOf(spec: WidgetSpec): number {
  if (spec.step !== null && spec.step > 0) return spec.step;
  return isInteger(spec) ? 1 : PLAIN_STEP;
}

/** Return how many decimals a number of this kind may have. */
export function decimalsOf(spec: WidgetSpec): number {
  if (isInteger(spec)) return 0;
  const finest = Math.min(stepOf(spec), spec.round ?? Infinity);
  return Math.min(MOST_DECIMALS, Math.max(1, decimalsIn(finest)));
}

/** Return a number as text: at least as many decimals as its step has, more if it has more. */
export function shownNumber(value: number | bigint, spec: WidgetSpec): string {
  if (typeof value === 'bigint' || isInteger(spec) || !Number.isFinite(value)) return String(value);
  const wanted = decimalsIn(stepOf(spec));
  const has = decimalsIn(value);
  return value.toFixed(Math.min(MOST_DECIMALS, Math.max(1, Math.min(wanted, 3), has)));
}

/** Return the nearest number that the spec allows. */
export function settled(value: number | bigint, spec: WidgetSpec): number | bigint {
  if (isInteger(spec)) return inRange(typeof value === 'bigint' ? value : Math.round(value), spec);
  return clamped(rounded(Number(value), spec.round), spec);
}

/** Return a number some steps further, on the grid of steps. */
export function stepped(value: number | bigint, spec: WidgetSpec, steps: number): number | bigint {
  const step = stepOf(spec);
  if (isLarge(value, spec, steps)) return moved(value, spec, steps);
  const origin = spec.min ?? 0;
  const at = (value - origin) / step;
  const isOnGrid = Math.abs(at - Math.round(at)) < 1e-6;
  const start = isOnGrid ? Math.round(at) : steps > 0 ? Math.floor(at) : Math.ceil(at);
  return settled(tidy(origin + (start + steps) * step, Math.max(decimalsOf(spec), decimalsIn(origin))), spec);
}

/** Return a number moved by a fraction of steps, as dragging does. */
export function shifted(value: number | bigint, spec: WidgetSpec, steps: number): number | bigint {
  const step = stepOf(spec);
  if (isLarge(value, spec, steps)) return moved(value, spec, steps);
  const fine = Math.abs(steps) >= 1 || isInteger(spec) ? step : step / 10;
  const by = Math.trunc((steps * step) / fine) * fine;
  return settled(tidy(value + by, decimalsOf(spec) + 1), spec);
}

/** Return where a number is in its range, from 0 to 1; null if it has no range to show. */
export function fractionIn(value: number, { min, max }: WidgetSpec): number | null {
  if (min === null || max === null || max <= min) return null;
  return Math.min(1, Math.max(0, (value - min) / (max - min)));
}

/** Return the number at a fraction of the range, on the grid of steps. */
export function atFraction(fraction: number, spec: WidgetSpec): number | bigint {
  const [min, max] = [spec.min ?? 0, spec.max ?? 1];
  const step = stepOf(spec);
  const steps = Math.round((Math.min(1, Math.max(0, fraction)) * (max - min)) / step);
  return settled(tidy(min + steps * step, decimalsOf(spec)), spec);
}

/** Whether a step leads from or to a whole number that a double cannot hold. */
function isLarge(value: number | bigint, spec: WidgetSpec, steps: number): value is bigint {
  if (typeof value === 'bigint') return true;
  return isInteger(spec) && Number.isInteger(value) && !Number.isSafeInteger(value + steps * stepOf(spec));
}

function moved(value: number | bigint, spec: WidgetSpec, steps: number): number | bigint {
  const by = BigInt(Math.trunc(steps)) * BigInt(Math.max(1, Math.round(stepOf(spec))));
  return settled(exactInteger(BigInt(value) + by), spec);
}

function rounded(value: number, round: number | null): number {
  if (round === null || round <= 0) return value;
  return tidy(Math.round(value / round) * round, decimalsIn(round));
}

function clamped(value: number, { min, max }: WidgetSpec): number {
  return Math.min(max ?? Infinity, Math.max(min ?? -Infinity, value));
}

/** Return a number without what binary arithmetic left behind it. */
function tidy(value: number, decimals: number): number {
  return Number(value.toFixed(Math.min(MOST_DECIMALS + 1, decimals)));
}

function decimalsIn(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return 0;
  const [digits = '', exponent = '0'] = String(value).split('e');
  return Math.max(0, (digits.split('.')[1]?.length ?? 0) - Number(exponent));
}
