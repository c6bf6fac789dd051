/** Texts in WebP files: their EXIF block. */

import { latin1, startsWith, viewOf, type Texts } from './bytes.ts';
import { exifTexts } from './exif.ts';

/** Return the texts of a WebP file. */
export function readWebp(bytes: Uint8Array): Texts {
  const view = viewOf(bytes);
  let texts: { readonly [name: string]: string } = {};
  let isTruncated = false;
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = view.getUint32(at + 4, true);
    const data = bytes.subarray(at + 8, at + 8 + length);
    isTruncated = data.length < length;
    if (isTruncated) break;
    if (latin1(bytes.subarray(at, at + 4)) === 'EXIF') texts = { ...exifTexts(data), ...texts };
    at += 8 + length + (length % 2);
  }
  return { kind: 'WebP', texts, isTruncated };
}

export function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8);
}
