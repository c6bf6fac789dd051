import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFrame } from '../../src/core/binary-frames.ts';

const encoder = new TextEncoder();

/** Return a message: its kind, the length of its first part or a code, and its parts. */
function frame(kind: number, number: number, ...parts: readonly Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(8 + parts.reduce((sum, part) => sum + part.length, 0));
  const view = new DataView(all.buffer);
  view.setUint32(0, kind);
  view.setUint32(4, number);
  let at = 8;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

test('a picture says where it is shown', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (image, node) => {
      const about = encoder.encode(
        JSON.stringify({ node_id: 'x', display_node_id: node, prompt_id: 'job', image_type: 'image/png' }),
      );
      const read = readFrame(frame(4, about.length, about, image));
      expect(read).toMatchObject({ kind: 'preview', node, job: 'job', type: 'image/png' });
      if (read?.kind === 'preview') expect([...read.image]).toEqual([...image]);
    }),
  );
});

test('a text says whose it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (node, text) => {
      const name = encoder.encode(node);
      expect(readFrame(frame(3, name.length, name, encoder.encode(text)))).toEqual({
        kind: 'text',
        node,
        text,
      });
    }),
  );
});

test('a plain picture is of no node', () => {
  expect(readFrame(frame(1, 2, new Uint8Array([7])))).toMatchObject({
    type: 'image/png',
    node: null,
    job: null,
  });
});

test('whatever comes, nothing breaks', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(1, 3, 4, 9),
      fc.nat(60),
      (rest, kind, number) => {
        expect(() => readFrame(rest.slice().buffer)).not.toThrow();
        expect(() => readFrame(frame(kind, number, rest))).not.toThrow();
      },
    ),
  );
});
