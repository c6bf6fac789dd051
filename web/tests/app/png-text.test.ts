import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, withText } from '../../src/app/picture/png-text.ts';
import { readPng } from '../../src/core/files/png.ts';

// The smallest PNG: one transparent pixel.
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const PNG = Uint8Array.from(atob(PIXEL), (letter) => letter.charCodeAt(0));

test('a document that was put into a picture is read back, whatever letters are in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const { texts, kind } = await readPng(withText(PNG, 'workflow', JSON.stringify(value)));
      expect(kind).toBe('PNG');
      expect(JSON.parse(texts.workflow as string)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('the check sum is the one that PNG files end with', () => {
  expect(crc32(new TextEncoder().encode('IEND'))).toBe(0xae426082);
});
