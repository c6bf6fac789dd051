import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boundsOf,
  HEADER,
  layoutOf,
  leastHeight,
  MIN_WIDTH,
  TEXT_HEIGHT,
  WIDGET_HEIGHT,
} from '../../src/core/geometry.ts';
import { newNode } from '../../src/core/edits/new-node.ts';
import type { NodeSpec, WidgetKind } from '../../src/core/specs.ts';
import { input, SAMPLER, spec } from './edits/examples.ts';

const NUMBER = SAMPLER.inputs[4]!.widget!;

function withWidgets(sockets: number, kinds: readonly WidgetKind[], outputs: number): NodeSpec {
  const links = Array.from({ length: sockets }, (_, index) => input(`in${index}`, 'IMAGE'));
  const widgets = kinds.map((kind, index) => input(`w${index}`, 'INT', { widget: { ...NUMBER, kind } }));
  return spec(
    'Any',
    [...links, ...widgets],
    Array.from({ length: outputs }, () => 'IMAGE'),
  );
}

const anySpec = fc
  .tuple(
    fc.nat(6),
    fc.array(fc.constantFrom<WidgetKind>('int', 'multiline', 'toggle'), { maxLength: 6 }),
    fc.nat(5),
  )
  .map(([sockets, kinds, outputs]) => withWidgets(sockets, kinds, outputs));
const anySize = fc.tuple(fc.integer({ min: 10, max: 800 }), fc.integer({ min: 0, max: 900 }));

describe('the layout of a node', () => {
  test('has all its parts inside, one below the other', () => {
    fc.assert(
      fc.property(anySpec, anySize, fc.nat(300), (type, size, extra) => {
        const layout = layoutOf({ ...newNode(type, '1', [0, 0]), size }, type, extra);
        let end = 0;
        for (const { y, height } of layout.widgets) {
          expect(y).toBeGreaterThanOrEqual(end);
          end = y + height;
        }
        for (const place of [...layout.inputs, ...layout.outputs])
          expect(place![1]).toBeLessThan(layout.size[1]);
        expect(layout.rest.y).toBeGreaterThanOrEqual(end);
        expect(layout.rest.y + layout.rest.height).toBeLessThanOrEqual(layout.size[1] + 1e-9);
        expect(layout.rest.height).toBeGreaterThanOrEqual(extra - 1e-9);
      }),
    );
  });

  test('keeps the size of the file where it is enough', () => {
    fc.assert(
      fc.property(anySpec, anySize, (type, size) => {
        const node = { ...newNode(type, '1', [0, 0]), size };
        const [width, height] = layoutOf(node, type).size;
        expect(width).toBe(Math.max(size[0], MIN_WIDTH));
        expect(height).toBe(Math.max(size[1], leastHeight(node, type)));
      }),
    );
  });

  test('puts the socket of a widget beside it', () => {
    const node = newNode(SAMPLER, '1', [0, 0]);
    const layout = layoutOf(node, SAMPLER);
    const steps = layout.widgets[0]!;
    expect(steps.slot).toBe(4);
    expect(layout.inputs[4]).toEqual([0, steps.y + WIDGET_HEIGHT / 2]);
    expect(layout.rows).toEqual([0, 1, 2, 3]);
  });

  test('gives the height that is left over to texts', () => {
    const type = withWidgets(1, ['multiline', 'int', 'multiline'], 1);
    const node = newNode(type, '1', [0, 0]);
    const least = leastHeight(node, type);
    const heights = layoutOf({ ...node, size: [300, least + 100] }, type).widgets.map(({ height }) => height);
    expect(heights).toEqual([TEXT_HEIGHT + 50, WIDGET_HEIGHT, TEXT_HEIGHT + 50]);
  });

  test('shows sockets of an unknown type without widgets', () => {
    const node = newNode(SAMPLER, '1', [0, 0]);
    const layout = layoutOf(node, undefined);
    expect(layout.widgets).toEqual([]);
    expect(layout.rows).toHaveLength(5);
  });

  test('is a header alone when collapsed, with all sockets at its sides', () => {
    const node = { ...newNode(SAMPLER, '1', [100, 200]), isCollapsed: true };
    const layout = layoutOf(node, SAMPLER);
    expect(boundsOf(node, layout)).toMatchObject({ x: 100, y: 200 - HEADER, height: HEADER });
    expect(new Set(layout.inputs.map(String)).size).toBe(1);
  });
});
