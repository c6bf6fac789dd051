import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText } from '../../src/view/paint/brush.ts';
import { brokenText } from '../../src/view/paint/node-texts.ts';

test('a text is broken into lines that are no longer and no more than wanted, in its order', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), fc.nat({ max: 20 }), fc.nat({ max: 5 }), (text, more, few) => {
      const [letters, most] = [more + 1, few + 1];
      const lines = brokenText(text, letters, most);
      expect(lines.length).toBeLessThanOrEqual(most);
      for (const line of lines) expect(line.trimEnd().length).toBeLessThanOrEqual(letters);
      const bare = (given: string) => given.replace(/\s/g, '');
      expect(bare(text).startsWith(bare(lines.join('')))).toBe(true);
    }),
  );
});

test('words stay whole where they fit', () => {
  expect(brokenText('a red house and a flower', 10, 3)).toEqual(['a red ', 'house and ', 'a flower']);
});

test('a text that is wider than its room is cut, others stay', () => {
  expect(cutText('Compose at 128', 140, 20, 0.5)).toBe('Compose at 128');
  expect(cutText('Compose at 128', 100, 20, 0.5)).toBe('Compose a…');
  expect(cutText('Compose', 0, 20, 0.5)).toBe('…');
});
