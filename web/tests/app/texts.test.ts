import { expect, test } from 'vitest';
import { catalogueOf, languageFor, Texts } from '../../src/app/texts.ts';

const SOURCES = import.meta.glob<string>(['../../src/**/*.{ts,svelte}', '!**/texts/**', '!**/texts.ts'], {
  eager: true,
  query: '?raw',
  import: 'default',
});

test('every text is there in both languages, with the same names to fill in', async () => {
  const [english, portuguese] = [await catalogueOf('en'), await catalogueOf('pt')];
  expect(Object.keys(portuguese).sort()).toEqual(Object.keys(english).sort());
  for (const [key, text] of Object.entries(english)) {
    const names = (words: string): string[] => (words.match(/\{\w+\}/g) ?? []).sort();
    expect(names(portuguese[key] as string), key).toEqual(names(text));
  }
});

test('every key that the source names has a text', async () => {
  const texts = await catalogueOf('en');
  const has = (key: string): boolean =>
    [key, `${key}.one`, `${key}.other`].some((each) => texts[each] !== undefined);
  for (const [file, source] of Object.entries(SOURCES)) {
    for (const [, key] of source.matchAll(/\bt\(\s*'([\w.]+)'/g))
      expect(has(key as string), `${key} in ${file}`).toBe(true);
  }
});

test('texts are filled in and follow the number', async () => {
  const texts = new Texts();
  expect(texts.t('status.nodes', { count: 1 })).toBe('1 node');
  expect(texts.t('status.nodes', { count: 3 })).toBe('3 nodes');
  await texts.use('pt');
  expect(texts.t('status.nodes', { count: 3 })).toBe('3 nós');
  expect(texts.t('no.such.text')).toBe('no.such.text');
});

test('the first language that there are texts for is spoken', () => {
  expect(languageFor(['fr-FR', 'pt-BR', 'en'])).toBe('pt');
  expect(languageFor(['fr-FR'])).toBe('en');
});
