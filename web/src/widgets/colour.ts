/**
 * Colours as widgets hold them: `#rrggbb` (and `#rrggbbaa`), or whole numbers of 24 bits.
 *
 *     toHsv('#ff8000'); // { h: 30, s: 1, v: 1 }: hue in degrees, the others from 0 to 1
 */

import type { Json } from '../core/graph.ts';

export interface Hsv {
  readonly h: number;
  readonly s: number;
  readonly v: number;
}

const SHORT = /^#?([\da-f])([\da-f])([\da-f])$/i;
const LONG = /^#?([\da-f]{6})([\da-f]{2})?$/i;

/** Return a value as `#rrggbb`; null if it is no colour. */
export function readColour(value: Json): string | null {
  if (typeof value === 'number')
    return isColourNumber(value) ? `#${value.toString(16).padStart(6, '0')}` : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  const short = SHORT.exec(text);
  if (short !== null)
    return `#${short
      .slice(1)
      .map((digit) => digit + digit)
      .join('')}`.toLowerCase();
  const long = LONG.exec(text);
  return long === null ? null : `#${long[1]}`.toLowerCase();
}

/** Return a colour as a value like the one before it: a number, or a text with its opacity. */
export function writeColour(colour: string, before: Json): Json {
  if (typeof before === 'number') return Number.parseInt(colour.slice(1), 16);
  const opacity = typeof before === 'string' ? (LONG.exec(before.trim())?.[2] ?? '') : '';
  return colour + opacity;
}

export function toHsv(colour: string): Hsv {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255) as [
    number,
    number,
    number,
  ];
  const v = Math.max(r, g, b);
  const range = v - Math.min(r, g, b);
  const s = v === 0 ? 0 : range / v;
  return { h: range === 0 ? 0 : hueOf(r, g, b, v, range), s, v };
}

export function fromHsv({ h, s, v }: Hsv): string {
  const part = (n: number): string => {
    const k = (n + h / 60) % 6;
    const value = v - v * s * Math.max(0, Math.min(k, 4 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${part(5)}${part(3)}${part(1)}`;
}

function hueOf(r: number, g: number, b: number, v: number, range: number): number {
  if (v === r) return (60 * ((g - b) / range) + 360) % 360;
  return v === g ? 60 * ((b - r) / range + 2) : 60 * ((r - g) / range + 4);
}

function isColourNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffff;
}
