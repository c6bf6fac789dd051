import { expect, test } from 'vitest';
import { Sessions } from '../../src/app/sessions.ts';

const window = (name: string): Sessions => new Sessions(undefined, () => new BroadcastChannel(name));

test('without locks, windows that are open answer and windows that are gone do not', async () => {
  const [first, second, third] = [window('one'), window('one'), window('one')];
  expect(await first.alive()).toEqual(new Set());
  await first.hold('first');
  expect(await second.alive()).toEqual(new Set(['first']));
  await second.hold('second');
  expect(await third.alive()).toEqual(new Set(['first', 'second']));
  expect(await window('another browser').alive()).toEqual(new Set());
});
