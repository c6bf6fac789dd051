import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodeSpec, WidgetSpec } from '../../src/core/specs.ts';
import { readSpecs } from '../../src/core/specs-read.ts';
import { isAnnotated, readFile, withFile, writeFile } from '../../src/widgets/files.ts';

test('a value names the file that it was written for', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', ' ', '(', '1'), minLength: 1 });
  const file = fc.record({
    filename: part,
    subfolder: fc.array(part, { maxLength: 3 }).map((parts) => parts.join('/')),
    type: fc.constantFrom('input', 'output', 'temp'),
  });
  fc.assert(
    fc.property(file, (given) => {
      expect(readFile(writeFile(given))).toEqual(given);
      expect(isAnnotated(writeFile(given))).toBe(given.type !== 'input');
    }),
  );
});

test('a file that was uploaded can be chosen wherever its kind is, once', () => {
  const image = (choices: string[], options: object): unknown => ({
    input: { required: { image: [choices, options] } },
  });
  const specs = readSpecs({
    LoadImage: image(['a.png'], { image_upload: true }),
    LoadAudio: image([], { audio_upload: true }),
    Other: image(['a.png'], {}),
  });
  const after = withFile(withFile(specs, 'image', 'b.png'), 'image', 'b.png');
  expect(choicesOf(after.get('LoadImage'))).toEqual(['a.png', 'b.png']);
  expect(after.get('LoadAudio')).toBe(specs.get('LoadAudio'));
  expect(after.get('Other')).toBe(specs.get('Other'));
});

function choicesOf(spec: NodeSpec | undefined): WidgetSpec['choices'] | undefined {
  return spec?.inputs[0]?.widget?.choices;
}
