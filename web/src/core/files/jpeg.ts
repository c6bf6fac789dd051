/** Texts in JPEG files: their EXIF segments. */

import { startsWith, viewOf, type Texts } from './bytes.ts';
import { exifTexts } from './exif.ts';

const APP1 = 0xffe1;
const SCAN = 0xffda; // pixels follow

/** Return the texts of a JPEG file. */
export function readJpeg(bytes: Uint8Array): Texts {
  const view = viewOf(bytes);
  let texts: { readonly [name: string]: string } = {};
  let at = 2;
  while (at + 4 <= bytes.length) {
    const [marker, length] = [view.getUint16(at), view.getUint16(at + 2)];
    if (marker === SCAN) return { kind: 'JPEG', texts, isTruncated: false };
    if (marker < 0xff00 || length < 2) break;
    const data = bytes.subarray(at + 4, at + 2 + length);
    if (marker === APP1 && startsWith(data, 'Exif\0\0')) texts = { ...exifTexts(data), ...texts };
    at += 2 + length;
  }
  return { kind: 'JPEG', texts, isTruncated: true };
}

export function isJpeg(bytes: Uint8Array): boolean {
  return startsWith(bytes, '\xff\xd8\xff');
}
