/** Texts in PNG files: the chunks tEXt, zTXt and iTXt. Pixels are not decoded; texts are unpacked up to a limit. */

import { decoded, latin1, LARGEST_TEXT, startsWith, viewOf, type Texts } from './bytes.ts';

export const PNG_MAGIC = '\x89PNG\r\n\x1a\n';

/** Return the texts of a PNG file; damaged ones are left out. */
export async function readPng(bytes: Uint8Array): Promise<Texts> {
  const texts: { [name: string]: string } = {};
  const view = viewOf(bytes);
  let at = PNG_MAGIC.length;
  let isWhole = false;
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at);
    const kind = latin1(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    isWhole = data.length === length && kind === 'IEND';
    if (data.length < length) break;
    const found = await textOf(kind, data);
    if (found !== null) texts[found.name] = found.text;
    at += 8 + length + 4; // a checksum follows
  }
  return { kind: 'PNG', texts, isTruncated: !isWhole };
}

export function isPng(bytes: Uint8Array): boolean {
  return startsWith(bytes, PNG_MAGIC);
}

async function textOf(kind: string, data: Uint8Array): Promise<{ name: string; text: string } | null> {
  if (kind !== 'tEXt' && kind !== 'zTXt' && kind !== 'iTXt') return null;
  const [name, rest] = cut(data);
  const text = await contentOf(kind, rest);
  return text === null ? null : { name: latin1(name), text };
}

async function contentOf(kind: string, rest: Uint8Array): Promise<string | null> {
  if (kind === 'tEXt') return decoded(rest);
  if (kind === 'zTXt') return unpacked(rest.subarray(1));
  const [, translated] = cut(rest.subarray(2)); // after the language …
  const [, content] = cut(translated); // … and the translated name
  return rest[0] === 1 ? unpacked(content) : decoded(content);
}

/** Return what is before the first zero, and what is behind it. */
function cut(data: Uint8Array): [Uint8Array, Uint8Array] {
  const zero = data.indexOf(0);
  return zero < 0 ? [data, data.subarray(data.length)] : [data.subarray(0, zero), data.subarray(zero + 1)];
}

async function unpacked(data: Uint8Array): Promise<string | null> {
  const stream = new Blob([data as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (const reader = stream.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > LARGEST_TEXT) {
        await reader.cancel();
        return null;
      }
      parts.push(value);
    }
  } catch {
    return null; // it is damaged
  }
  return decoded(joined(parts, length));
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
