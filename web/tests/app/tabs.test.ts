import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tabs } from '../../src/app/tabs.ts';
import { EMPTY_WORKFLOW, type Workflow } from '../../src/core/graph.ts';
import type { Specs } from '../../src/core/specs.ts';
import { Store } from '../../src/core/store.ts';

function makeTabs(): Tabs {
  let last = 0;
  return new Tabs(
    new Store<Specs>(new Map()),
    (number) => `Workflow ${number}`,
    () => String(++last),
  );
}

const other = (): Workflow => ({ ...EMPTY_WORKFLOW, lastNodeId: 1 });

test('there is always a tab, and the one that is shown is one of them', () => {
  const act = fc.record({
    kind: fc.constantFrom('open', 'new', 'close', 'step', 'move', 'show'),
    at: fc.nat(9),
    to: fc.integer({ min: -3, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      const tabs = makeTabs();
      for (const { kind, at, to } of acts) {
        const all = tabs.all.value;
        const tab = all[at % all.length]!;
        if (kind === 'open') tabs.open({ name: 'a', workflow: other() });
        else if (kind === 'new') tabs.openNew();
        else if (kind === 'close') tabs.close(tab);
        else if (kind === 'step') tabs.step(to);
        else if (kind === 'move') tabs.move(tab, Math.max(0, to));
        else tabs.show(tab);
        const now = tabs.all.value;
        expect(now).toContain(tabs.current.value);
        expect(new Set(now.map(({ id }) => id)).size).toBe(now.length);
      }
    }),
  );
});

test('an untouched empty tab gives way to what is opened', () => {
  const tabs = makeTabs();
  tabs.open({ name: 'first', workflow: other() });
  tabs.open({ name: 'second', workflow: other() });
  expect(tabs.all.value.map(({ name }) => name.value)).toEqual(['first', 'second']);
});

test('new workflows have names that no other tab has', () => {
  const tabs = makeTabs();
  tabs.openNew();
  tabs.openNew();
  expect(tabs.all.value.map(({ name }) => name.value)).toEqual(['Workflow 1', 'Workflow 2', 'Workflow 3']);
});

test('closing the tab that is shown shows its neighbour', () => {
  const tabs = makeTabs();
  const [one, two, three] = [tabs.current.value, tabs.openNew(), tabs.openNew()];
  tabs.show(two);
  tabs.close(two);
  expect(tabs.current.value).toBe(three);
  tabs.close(three);
  expect(tabs.current.value).toBe(one);
});

test('a workflow that was recovered with changes is unsaved', () => {
  const tabs = makeTabs();
  const workflow = other();
  tabs.restore(
    [
      { name: 'a', workflow, saved: other() },
      { name: 'b', workflow },
    ],
    1,
  );
  expect(tabs.all.value.map(({ editor }) => editor.isUnsaved)).toEqual([true, false]);
  expect(tabs.current.value.name.value).toBe('b');
});
