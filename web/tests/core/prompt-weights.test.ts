import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeWeight, guessTokens } from '../../src/core/prompt-weights.ts';

/** Change the weight where `[` and `]` select, or where `|` is; the answer is marked in the same way. */
function changed(marked: string, by: number): string | null {
  const isCursor = marked.includes('|');
  const start = marked.indexOf(isCursor ? '|' : '[');
  const end = isCursor ? start : marked.indexOf(']') - 1;
  const result = changeWeight(marked.replace(/[[\]|]/g, ''), start, end, by);
  if (result === null) return null;
  const { text, start: from, end: to } = result;
  return `${text.slice(0, from)}[${text.slice(from, to)}]${text.slice(to)}`;
}

test.each([
  ['a re|d fox', 0.1, 'a ([red]:1.1) fox'],
  ['a ([red]:1.1) fox', 0.1, 'a ([red]:1.2) fox'],
  ['a ([red]:1.1) fox', -0.1, 'a [red] fox'],
  ['a (r|ed:1.15) fox', -0.05, 'a ([red]:1.1) fox'],
  ['a [(red:1.1)] fox', 0.05, 'a ([red]:1.15) fox'],
  ['[a red fox ] runs', -0.05, '([a red fox]:0.95)  runs'],
  ['([red])', 0.05, '([red]:1.15)'],
  ['((re|d:1.2) fox:1.1)', 0.1, '(([red]:1.3) fox:1.1)'],
  ['((red:1.2) fo|x:1.1)', 0.1, '([(red:1.2) fox]:1.2)'],
  ['(a [red] fox:1.2)', 0.1, '(a ([red]:1.1) fox:1.2)'],
  ['well-kno|wn', 0.1, '([well-known]:1.1)'],
  [' | ', 0.1, null],
])('%s by %d', (marked, by, expected) => {
  expect(changed(marked, by)).toBe(expected);
});

test('parentheses behind a backslash are letters', () => {
  expect(changeWeight(String.raw`\(a b\)`, 2, 3, 0.1)?.text).toBe(String.raw`\((a:1.1) b\)`);
});

test('up and down again gives the text of before', () => {
  const word = fc.stringMatching(/^[a-z]{1,6}$/);
  const steps = fc.array(fc.constantFrom(0.05, 0.1), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.nat(), steps, (words, pick, ways) => {
      const text = words.join(' ');
      const before = words.slice(0, pick % words.length).join(' ').length;
      const at = before === 0 ? 0 : before + 1;
      let state = { text, start: at, end: at + (words[pick % words.length] ?? '').length };
      for (const by of [...ways, ...ways.map((way) => -way).reverse()]) {
        state = changeWeight(state.text, state.start, state.end, by) ?? state;
      }
      expect(state.text).toBe(text);
    }),
  );
});

test('weights are not counted as tokens, long words and many words are', () => {
  expect(guessTokens('')).toEqual({ tokens: 0, chunks: 1 });
  expect(guessTokens('(red:1.2) fox').tokens).toBe(guessTokens('red fox').tokens);
  expect(guessTokens('photorealistic').tokens).toBeGreaterThan(guessTokens('photo').tokens);
  expect(guessTokens('fox, '.repeat(40)).chunks).toBe(2);
});
