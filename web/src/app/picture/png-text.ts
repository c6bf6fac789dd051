/** Puts a text into a PNG file, where ComfyUI's editor looks for it: a tEXt chunk after the header. */

const HEADER_END = 33; // 8 bytes of signature and the IHDR chunk

/** Return the file with the text. What is not ASCII is written as JSON escapes, since tEXt is Latin-1. */
export function withText(png: Uint8Array, name: string, json: string): Uint8Array<ArrayBuffer> {
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const chunk = chunkOf('tEXt', `${name}\0${ascii}`);
  const whole = new Uint8Array(png.length + chunk.length);
  whole.set(png.subarray(0, HEADER_END));
  whole.set(chunk, HEADER_END);
  whole.set(png.subarray(HEADER_END), HEADER_END + chunk.length);
  return whole;
}

/** A chunk: length, kind, data, and the check sum of kind and data. */
function chunkOf(kind: string, data: string): Uint8Array {
  const body = Uint8Array.from(kind + data, (letter) => letter.charCodeAt(0));
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return chunk;
}

/** The check sum of PNG (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
