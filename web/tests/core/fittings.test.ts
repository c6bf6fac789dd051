import { expect, test } from 'vitest';
import { newNode } from '../../src/core/edits/new-node.ts';
import { withFittings } from '../../src/core/fittings.ts';
import { layoutOf, WIDGET_HEIGHT } from '../../src/core/geometry.ts';
import type { NodeSpec } from '../../src/core/specs.ts';
import { SAMPLER, SPECS } from './edits/examples.ts';

const none = { heightOf: () => null, bodyOf: () => null };

function fitted(given: Partial<Parameters<typeof withFittings>[1]>): NodeSpec {
  return withFittings(SPECS, { ...none, ...given }).get(SAMPLER.type) as NodeSpec;
}

test('types without fittings are the same values', () => {
  const specs = withFittings(SPECS, none);
  for (const [type, spec] of SPECS) expect(specs.get(type)).toBe(spec);
});

test('a widget has the height that it asks for, and what is below moves down', () => {
  const [first, ...others] = layoutOf(newNode(SAMPLER, '1', [0, 0]), SAMPLER).widgets;
  const spec = fitted({ heightOf: (_, { name }) => (name === first?.name ? 100 : null) });
  const layout = layoutOf(newNode(spec, '1', [0, 0]), spec);
  expect(layout.widgets.map(({ height }) => height)).toEqual([100, ...others.map(({ height }) => height)]);
  expect(layout.widgets.slice(1).map(({ y }) => y)).toEqual(others.map(({ y }) => y + 100 - WIDGET_HEIGHT));
});

test('a body has its room below the widgets, and what a run shows comes on top of that', () => {
  const spec = fitted({ bodyOf: () => ({ id: 'b', isInstead: false, height: 80 }) });
  const node = newNode(spec, '1', [0, 0]);
  const plain = layoutOf(newNode(SAMPLER, '1', [0, 0]), SAMPLER);
  expect(layoutOf(node, spec).rest).toEqual({ y: plain.rest.y, height: plain.rest.height + 80 });
  expect(layoutOf(node, spec, 50).rest.height).toBe(plain.rest.height + 130);
});

test('a body in place of the widgets leaves their sockets at its edge, each at a place of its own', () => {
  const spec = fitted({ bodyOf: () => ({ id: 'b', isInstead: true, height: 20 }) });
  const node = newNode(spec, '1', [0, 0]);
  const { widgets, rest, inputs, rows } = layoutOf(node, spec);
  expect(widgets).toEqual([]);
  const places = node.inputs.flatMap(({ widget }, slot) => (widget === null ? [] : [inputs[slot]![1]]));
  expect(new Set(inputs.map((place) => place![1])).size).toBe(inputs.length);
  for (const y of places) expect(y > rest.y && y < rest.y + rest.height).toBe(true);
  expect(rows.every((slot) => node.inputs[slot]?.widget === null)).toBe(true);
});
