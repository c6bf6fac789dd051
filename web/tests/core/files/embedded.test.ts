/** `WEFT_PICTURES` names a folder of pictures that our Python writer made (tests/web/test_formats.py). */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEmbedded } from '../../../src/core/files/embedded.ts';
import { parseJson } from '../../../src/core/files/json.ts';
import { readPng } from '../../../src/core/files/png.ts';
import { FormatError } from '../../../src/core/formats/fields.ts';

const MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function chunk(kind: string, data: readonly number[]): number[] {
  const { length } = data;
  const size = [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  return [...size, ...utf8(kind), ...data, 0, 0, 0, 0]; // nobody reads the checksum
}

function png(...chunks: readonly number[][]): Uint8Array {
  return Uint8Array.from([...MAGIC, ...chunk('IHDR', [0, 0]), ...chunks.flat(), ...chunk('IEND', [])]);
}

async function packed(text: string): Promise<number[]> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate'));
  return [...new Uint8Array(await new Response(stream).arrayBuffer())];
}

/** Return one text as each kind of chunk may hold it. */
async function kinds(name: string, text: string): Promise<number[][]> {
  const start = [...utf8(name), 0];
  const inner = [...utf8('en'), 0, ...utf8('Name'), 0];
  return [
    chunk('tEXt', [...start, ...utf8(text)]),
    chunk('zTXt', [...start, 0, ...(await packed(text))]),
    chunk('iTXt', [...start, 0, 0, ...inner, ...utf8(text)]),
    chunk('iTXt', [...start, 1, 0, ...inner, ...(await packed(text))]),
  ];
}

async function failure(name: string, bytes: Uint8Array): Promise<string> {
  const error = await readEmbedded(name, bytes).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FormatError);
  return (error as FormatError).message;
}

test('a text comes out of a PNG as it went in, whatever kind of chunk holds it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      for (const one of await kinds('workflow', text)) {
        expect(await readPng(png(one))).toEqual({
          kind: 'PNG',
          texts: { workflow: text },
          isTruncated: false,
        });
      }
    }),
    { numRuns: 40 },
  );
});

test('the editor form is opened before what ran', async () => {
  const [prompt] = await kinds('prompt', '{"1": {"class_type": "A"}}');
  const [workflow] = await kinds('workflow', '{"nodes": []}');
  const found = await readEmbedded('x.png', png(prompt!, workflow!));
  expect(found.toEdit).toEqual({ nodes: [] });
  expect(found.prompt).toEqual({ '1': { class_type: 'A' } });
  expect((await readEmbedded('x.png', png(prompt!))).toEdit).toEqual(found.prompt);
});

test('a broken document does not matter while the other is good', async () => {
  const [prompt] = await kinds('prompt', '{"1": {"class_type": "A"}}');
  const [workflow] = await kinds('workflow', '{"nodes": [');
  expect((await readEmbedded('x.png', png(prompt!, workflow!))).workflow).toBeNull();
  expect(await failure('x.png', png(workflow!))).toMatch(/^x\.png, workflow: This is not JSON: /);
});

test('NaN, which Python writes, is read as null; in a text it stays', () => {
  expect(parseJson('{"a": [NaN, -Infinity], "b": "NaN \\" NaN"}')).toEqual({
    a: [null, null],
    b: 'NaN " NaN',
  });
});

test('a picture without a workflow is told with its kind, and whether it is cut off', async () => {
  expect(await failure('x.png', png())).toMatch(/^x\.png: this PNG picture holds no workflow\. .* saved\.$/);
  expect(await failure('x.png', png().subarray(0, 20))).toMatch(/cut off/);
});

test('a file that is neither is told so', async () => {
  expect(await failure('x.txt', Uint8Array.from(utf8('a cat')))).toMatch(/neither a picture/);
  expect(await failure('x.json', Uint8Array.from(utf8('a cat')))).toMatch(/^x\.json: This is not JSON/);
});

test('a JSON file is its own document, with or without a byte order mark', async () => {
  for (const start of ['', '\ufeff', '\n ']) {
    const found = await readEmbedded('x.json', Uint8Array.from(utf8(`${start}{"nodes": []}`)));
    expect(found.toEdit).toEqual({ nodes: [] });
  }
});

test('damaged files give a sentence, never another error', async () => {
  const starts = [MAGIC, [...utf8('RIFF'), 9, 0, 0, 0, ...utf8('WEBPEXIF')], [0xff, 0xd8, 0xff, 0xe1], []];
  const exif = [255, 0, 0, 0, ...utf8('II'), 42, 0, 8, 0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...starts),
      fc.boolean(),
      fc.uint8Array(),
      async (start, isExif, rest) => {
        const bytes = Uint8Array.from([...start, ...(isExif ? exif : []), ...rest]);
        await readEmbedded('x', bytes).catch((error: unknown) => expect(error).toBeInstanceOf(FormatError));
      },
    ),
    { numRuns: 500 },
  );
});

const folder = env.WEFT_PICTURES;

describe.skipIf(folder === undefined)('pictures that Python wrote', () => {
  test('both documents are found in each', async () => {
    const names = readdirSync(folder ?? '').filter((name) => !name.endsWith('.json'));
    expect(names.length).toBeGreaterThan(2);
    const expected = JSON.parse(readFileSync(join(folder ?? '', 'expected.json'), 'utf8')) as object;
    for (const name of names) {
      const { prompt, workflow } = await readEmbedded(name, readFileSync(join(folder ?? '', name)));
      expect({ prompt, workflow }, name).toEqual(expected);
    }
  });
});
