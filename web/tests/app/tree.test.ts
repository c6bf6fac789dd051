import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matcher } from '../../src/app/filter.ts';
import { shownBytes, shownTime } from '../../src/app/units.ts';
import { baseName, isFileName } from '../../src/app/documents.ts';
import { rowsOf, treeOf, type TreeItem } from '../../src/ui/tree.ts';

const treeFrom = (paths: readonly string[]): TreeItem[] =>
  treeOf(
    paths,
    (path) => path,
    (path, label) => ({ id: path, label }),
  );

function leaves(items: readonly TreeItem[]): string[] {
  return items.flatMap((item) => (item.items === undefined ? [item.id] : leaves(item.items)));
}

function folders(items: readonly TreeItem[]): string[] {
  return items.flatMap((item) => (item.items === undefined ? [] : [item.id, ...folders(item.items)]));
}

test('every leaf is in the tree once, and folders are told apart by their whole way', () => {
  const part = fc.constantFrom('a', 'b', 'c');
  const paths = fc.uniqueArray(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join('/')}.json`),
  );
  fc.assert(
    fc.property(paths, (all) => {
      const tree = treeFrom(all);
      expect(leaves(tree).sort()).toEqual([...all].sort());
      const inside = folders(tree);
      expect(new Set(inside).size).toBe(inside.length);
      expect(rowsOf(tree, new Set(inside)).length).toBe(all.length + inside.length);
    }),
  );
});

test('only what is open has rows, folders first', () => {
  const tree = treeFrom(['z.json', 'a/one.json', 'a/b/two.json']);
  expect(rowsOf(tree, new Set()).map(({ item }) => item.label)).toEqual(['a', 'z.json']);
  const rows = rowsOf(tree, new Set(['a/']));
  expect(rows.map(({ item, level }) => [item.id, level])).toEqual([
    ['a/', 1],
    ['a/b/', 2],
    ['a/one.json', 2],
    ['z.json', 1],
  ]);
});

test('search wants every word, whatever case and accents', () => {
  const fits = matcher('são PAULO');
  expect(fits('Foto de Sao Paulo')).toBe(true);
  expect(fits('Sao Jose')).toBe(false);
});

test('sizes and times are short', () => {
  expect(shownBytes(0, 'en')).toBe('0 B');
  expect(shownBytes(32_084_454, 'en')).toBe('32.1 MB');
  expect(shownTime(0, 5 * 60_000, 'en')).toBe('5 minutes ago');
});

test('names of files may have folders and nothing that leads elsewhere', () => {
  expect(['a', 'a/b c', 'retrato (2)'].every(isFileName)).toBe(true);
  expect(['', '../a', 'a//b', 'a:b', '/a', 'a\\b', '.'].some(isFileName)).toBe(false);
  expect(baseName('folder/a.b.json')).toBe('a.b');
});
