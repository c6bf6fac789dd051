import { expect, test } from 'vitest';
import { allSettings } from '../../src/app/setting-list.ts';
import { catalogueOf } from '../../src/app/texts.ts';
import type { Command } from '../../src/core/commands.ts';
import { splitShortcut } from '../../src/ui/keys.ts';

type Part = { readonly commands: readonly Command<unknown>[] };
const COMMANDS = Object.values(
  import.meta.glob<Part>('../../src/app/commands/*.ts', { eager: true }),
).flatMap((part) => part.commands);

test('every command has a title, and its group too', async () => {
  const texts = await catalogueOf('en');
  for (const { id } of COMMANDS) {
    expect(texts, id).toHaveProperty([`command.${id}`]);
    expect(texts, id).toHaveProperty([`commands.${id.split('.')[0]}`]);
  }
});

test('no two commands begin with the same keys', () => {
  const keys = COMMANDS.flatMap(({ shortcut }) => shortcut ?? []);
  expect(keys.filter((each, at) => keys.indexOf(each) !== at)).toEqual([]);
});

test('shortcuts are written in the order in which keys are read', () => {
  const order = ['Mod', 'Ctrl', 'Alt', 'Shift'];
  for (const { shortcut } of COMMANDS) {
    const modifiers = splitShortcut(shortcut ?? '').filter((part) => order.includes(part));
    expect(modifiers).toEqual(order.filter((each) => modifiers.includes(each)));
  }
});

test('every setting that is shown has its texts, and its choices too', async () => {
  const texts = await catalogueOf('en');
  for (const { id, control } of allSettings()) {
    expect(id).toMatch(/^Weft\.\w+(\.\w+)?$/);
    if (control.kind === 'hidden') continue;
    const choices =
      control.kind === 'choice' ? control.choices.map((choice) => `setting.${id}.${choice}`) : [];
    for (const key of [`setting.${id}`, `settings.${id.split('.')[1]}`, ...choices])
      expect(texts).toHaveProperty([key]);
  }
});
