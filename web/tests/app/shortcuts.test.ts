import { expect, test } from 'vitest';
import { Settings } from '../../src/app/settings.ts';
import { Shortcuts } from '../../src/app/shortcuts.ts';
import { Commands } from '../../src/core/commands.ts';
import { pressedShortcut, shownShortcut, splitShortcut } from '../../src/ui/keys.ts';

function makeShortcuts(): Shortcuts<null> {
  const commands = new Commands<null>();
  commands.add(
    { id: 'a.one', shortcut: 'Mod+Z', run: () => {} },
    { id: 'a.two', shortcut: 'F', run: () => {} },
  );
  const keeper = { load: async () => ({}), save: async () => {} };
  return new Shortcuts(commands, new Settings(keeper, { getItem: () => null, setItem: () => {} }));
}

const KEY = { key: '', code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

test('keys start the command that has them, until they are changed', () => {
  const shortcuts = makeShortcuts();
  expect(shortcuts.commandFor('F')?.id).toBe('a.two');
  shortcuts.change('a.two', 'Alt+F');
  expect(shortcuts.commandFor('F')).toBeUndefined();
  expect(shortcuts.commandFor('Alt+F')?.id).toBe('a.two');
  shortcuts.reset('a.two');
  expect(shortcuts.of('a.two')).toBe('F');
});

test('a conflict is told, and what the user chose wins', () => {
  const shortcuts = makeShortcuts();
  shortcuts.change('a.two', 'Mod+Z');
  expect(shortcuts.conflicts('a.one')).toEqual(['a.two']);
  expect(shortcuts.commandFor('Mod+Z')?.id).toBe('a.two');
});

test('a command can have no keys, and choosing its own again is no change', () => {
  const shortcuts = makeShortcuts();
  shortcuts.change('a.two', null);
  expect(shortcuts.of('a.two')).toBeNull();
  expect(shortcuts.conflicts('a.two')).toEqual([]);
  shortcuts.change('a.two', 'F');
  expect(shortcuts.isChanged('a.two')).toBe(false);
});

test('keys are read as they are written', () => {
  expect(pressedShortcut({ ...KEY, key: 'z', code: 'KeyZ', ctrlKey: true }, false)).toBe('Mod+Z');
  expect(pressedShortcut({ ...KEY, key: 'Z', code: 'KeyZ', ctrlKey: true, shiftKey: true }, false)).toBe(
    'Mod+Shift+Z',
  );
  expect(pressedShortcut({ ...KEY, key: 'ç', code: 'KeyC', altKey: true }, false)).toBe('Alt+C');
  expect(pressedShortcut({ ...KEY, key: '?', code: 'Slash', shiftKey: true }, false)).toBe('?');
  expect(pressedShortcut({ ...KEY, key: ' ', code: 'Space' }, false)).toBe('Space');
  expect(pressedShortcut({ ...KEY, key: 'Shift', code: 'ShiftLeft', shiftKey: true }, false)).toBeNull();
  expect(pressedShortcut({ ...KEY, key: 'z', code: 'KeyZ', metaKey: true }, true)).toBe('Mod+Z');
  expect(pressedShortcut({ ...KEY, key: 'z', code: 'KeyZ', ctrlKey: true }, true)).toBe('Ctrl+Z');
});

test('shortcuts are shown as the machine writes them', () => {
  expect(shownShortcut('Mod+Shift+G', false)).toBe('Ctrl+Shift+G');
  expect(shownShortcut('Mod+Shift+G', true)).toBe('⌘⇧G');
  expect(splitShortcut('Mod++')).toEqual(['Mod', '+']);
});
