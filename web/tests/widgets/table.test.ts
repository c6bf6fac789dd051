import { expect, test } from 'vitest';
import { readInput } from '../../src/core/specs-read.ts';
import type { InputSpec } from '../../src/core/specs.ts';
import type { WidgetMount } from '../../src/widgets/contract.ts';
import { builtIn, Widgets } from '../../src/widgets/table.ts';

const mounts = [() => null, () => null, () => null] as const satisfies readonly WidgetMount[];
const inputOf = (type: string, options = {}): InputSpec =>
  readInput('value', [type, options], false) as InputSpec;
const at = (type: string, options = {}, node = 'Rate') => ({
  node: { id: '1', type: node, title: node },
  input: inputOf(type, options),
});

test.each([
  ['INT', {}, 'int'],
  ['INT', { widgetType: 'STARS' }, 'int'],
  ['MY_INT', { widgetType: 'INT' }, 'int'],
  ['CURVE', { widgetType: 'CURVE' }, 'unknown'],
])('%s with %j has a value of the kind %s', (type, options, kind) => {
  expect(inputOf(type, options).widget?.kind).toBe(kind);
});

test('a type that nobody named a widget for is a socket alone', () => {
  expect(inputOf('CURVE').widget).toBeNull();
});

test('an added widget is made for those that name it, until it is taken away', () => {
  const widgets = new Widgets();
  const end = widgets.add({ for: 'STARS', height: 40, mount: mounts[0] });
  expect(widgets.of(at('INT', { widgetType: 'STARS' })).mount).toBe(mounts[0]);
  expect(widgets.heightOf('Rate', inputOf('INT', { widgetType: 'STARS' }))).toBe(40);
  expect(widgets.of(at('INT'))).toBe(builtIn(at('INT')));
  end();
  expect(widgets.of(at('INT', { widgetType: 'STARS' }))).toBe(builtIn(at('INT')));
});

test('the newest of several is made, and one for an input of a node for that only', () => {
  const widgets = new Widgets();
  widgets.add({ for: 'CURVE', height: null, mount: mounts[0] });
  const end = widgets.add({ for: 'CURVE', height: null, mount: mounts[1] });
  widgets.add({ for: { node: 'Other', input: 'value' }, height: null, mount: mounts[2] });
  const curve = { widgetType: 'CURVE' };
  expect(widgets.of(at('CURVE', curve)).mount).toBe(mounts[1]);
  expect(widgets.of(at('CURVE', curve, 'Other')).mount).toBe(mounts[2]);
  end();
  expect(widgets.of(at('CURVE', curve)).mount).toBe(mounts[0]);
});
