/**
 * Texts in EXIF blocks, written `name:text`, as ComfyUI does: in the tags of the camera's make and model, and in the
 * user's comment.
 */

import { decoded, latin1, startsWith, viewOf } from './bytes.ts';

const EXIF_IFD = 0x8769;
const USER_COMMENT = 0x9286;
const [BYTE, ASCII, UNDEFINED] = [1, 2, 7]; // types of values that may be texts
const COMMENT_CODES: { readonly [code: string]: string } = {
  'ASCII\0\0\0': 'utf-8',
  'UNICODE\0': 'utf-16',
  '\0\0\0\0\0\0\0\0': 'utf-8',
};
const MOST_ENTRIES = 1000;

interface Entry {
  readonly tag: number;
  readonly data: Uint8Array;
  /** The value as a number: where a directory inside is. */
  readonly offset: number;
}

/** Return the texts of an EXIF block by their names in small letters; the first of a name counts. Damaged: none. */
export function exifTexts(block: Uint8Array): { readonly [name: string]: string } {
  const data = startsWith(block, 'Exif\0\0') ? block.subarray(6) : block;
  const texts: { [name: string]: string } = {};
  for (const entry of entriesOf(data)) {
    const value = valueOf(entry);
    const colon = value.indexOf(':');
    const [name, text] = [value.slice(0, colon).trim().toLowerCase(), value.slice(colon + 1)];
    if (colon > 0 && /^\s*[{[]/.test(text)) texts[name] ??= text;
  }
  return texts;
}

function entriesOf(data: Uint8Array): Entry[] {
  const isLittle = startsWith(data, 'II');
  if (data.length < 8 || (!isLittle && !startsWith(data, 'MM'))) return [];
  const first = directory(data, viewOf(data).getUint32(4, isLittle), isLittle);
  const inner = first.filter(({ tag }) => tag === EXIF_IFD);
  return [...first, ...inner.flatMap(({ offset }) => directory(data, offset, isLittle))];
}

function directory(data: Uint8Array, at: number, isLittle: boolean): Entry[] {
  const view = viewOf(data);
  if (at + 2 > data.length) return [];
  const count = Math.min(view.getUint16(at, isLittle), MOST_ENTRIES);
  const entries: Entry[] = [];
  for (let index = 0, place = at + 2; index < count && place + 12 <= data.length; index++, place += 12) {
    const [tag, type] = [view.getUint16(place, isLittle), view.getUint16(place + 2, isLittle)];
    const [length, offset] = [view.getUint32(place + 4, isLittle), view.getUint32(place + 8, isLittle)];
    const isText = type === ASCII || type === UNDEFINED || type === BYTE;
    const start = length <= 4 ? place + 8 : offset;
    entries.push({ tag, offset, data: isText ? data.subarray(start, start + length) : new Uint8Array() });
  }
  return entries;
}

function valueOf({ tag, data }: Entry): string {
  const code = tag === USER_COMMENT ? COMMENT_CODES[latin1(data.subarray(0, 8))] : undefined;
  const text = code === undefined ? decoded(data) : commentOf(data.subarray(8), code);
  return text.replace(/\0+$/, '');
}

/** Comments in UTF-16 have the order of bytes of the machine that wrote them; `{` and `"` tell which. */
function commentOf(data: Uint8Array, code: string): string {
  if (code !== 'utf-16') return decoded(data);
  const isBig = data[0] === 0 || (data[0] === 0xfe && data[1] === 0xff);
  return new TextDecoder(isBig ? 'utf-16be' : 'utf-16le').decode(data);
}
