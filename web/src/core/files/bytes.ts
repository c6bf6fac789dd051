/** Bytes of picture files: texts in them, and numbers in either order. */

/** What a picture holds. */
export interface Texts {
  /** As users call it: PNG, WebP, JPEG. */
  readonly kind: string;
  readonly texts: { readonly [name: string]: string };
  /** The file ends before its end: the rest may have held more. */
  readonly isTruncated: boolean;
}

export const LARGEST_TEXT = 64 * 2 ** 20; // bytes; the largest workflows known have a few MB

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Return a part of a file as Latin-1, each byte a letter. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return text;
}

/** Return a text that is UTF-8, as most programs write, or Latin-1, as PNG says. */
export function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Whether a file starts with some letters, from a place on. */
export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return latin1(bytes.subarray(at, at + text.length)) === text;
}
