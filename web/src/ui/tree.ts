/** Trees as Tree.svelte shows them: items inside items, of which the open ones are rows. */

import type { IconName } from './icons.ts';

export interface TreeItem {
  /** Of the whole tree. */
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName | undefined;
  /** The address of a picture, shown in place of the icon. */
  readonly picture?: string | undefined;
  /** Small text at the end of the row. */
  readonly detail?: string | undefined;
  readonly items?: readonly TreeItem[] | undefined;
  /** Given to a drop as `application/x-weft-node`. */
  readonly drag?: string | undefined;
}

export interface TreeRow {
  readonly item: TreeItem;
  readonly level: number;
  readonly parent: string | null;
  readonly isOpen: boolean;
}

/** Return the rows that are seen, from the top. */
export function rowsOf(
  items: readonly TreeItem[],
  open: ReadonlySet<string>,
  level = 1,
  parent: string | null = null,
): TreeRow[] {
  return items.flatMap((item) => {
    const isOpen = item.items !== undefined && open.has(item.id);
    const row: TreeRow = { item, level, parent, isOpen };
    return isOpen ? [row, ...rowsOf(item.items ?? [], open, level + 1, item.id)] : [row];
  });
}

/** Sort leaves with paths (`a/b/c`) into folders, folders first, by name. */
export function treeOf<T>(
  leaves: readonly T[],
  pathOf: (leaf: T) => string,
  itemOf: (leaf: T, name: string) => TreeItem,
): TreeItem[] {
  const folders = new Map<string, T[]>();
  const here: { name: string; item: TreeItem }[] = [];
  for (const leaf of leaves) {
    const [first = '', ...rest] = pathOf(leaf).split('/');
    if (rest.length === 0) here.push({ name: first, item: itemOf(leaf, first) });
    else folders.set(first, [...(folders.get(first) ?? []), leaf]);
  }
  const inner = [...folders].map(([name, inside]): TreeItem => {
    const below = treeOf(inside, (leaf) => pathOf(leaf).slice(name.length + 1), itemOf);
    return {
      id: `${name}/`,
      label: name,
      icon: 'folder',
      items: below.map((item) => prefixed(item, `${name}/`)),
    };
  });
  const files = here.sort((one, other) => one.name.localeCompare(other.name)).map(({ item }) => item);
  return [...inner.sort((one, other) => one.label.localeCompare(other.label)), ...files];
}

/** Folders are known by their whole way; leaves have ids of their own. */
function prefixed(item: TreeItem, prefix: string): TreeItem {
  if (item.items === undefined) return item;
  return { ...item, id: prefix + item.id, items: item.items.map((each) => prefixed(each, prefix)) };
}
