import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { layout } from '../../src/core/layout-dagre.ts';
import { applyLayout, layoutRequest, type Box, type LayoutRequest } from '../../src/core/layout.ts';
import { quickLayout } from '../../src/core/layout-quick.ts';
import { addGroupAround, contentsOf, resizeGroup, setGroupPinned } from '../../src/core/edits/groups.ts';
import type { Rect } from '../../src/core/graph.ts';
import { setPinned } from '../../src/core/edits/flags.ts';
import { HEADER } from '../../src/core/geometry.ts';
import { usualWorkflow } from './edits/examples.ts';
import { problemsOf } from './edits/invariants.ts';

vi.setConfig({ testTimeout: 60_000 }); // many runs, on machines that do other things too

const BOXES = fc.array(
  fc.record({ width: fc.integer({ min: 1, max: 400 }), height: fc.integer({ min: 1, max: 400 }) }),
  {
    minLength: 1,
    maxLength: 25,
  },
);

const REQUEST: fc.Arbitrary<LayoutRequest> = BOXES.chain((sizes) => {
  const boxes = sizes.map((size, index) => ({ id: String(index), ...size }));
  const id = fc.constantFrom(...boxes.map((box) => box.id));
  const pairs = fc.array(fc.tuple(id, id), { maxLength: 40 });
  const edges = pairs.map((all) => all.filter(([from, to]) => from !== to));
  return fc.record({ boxes: fc.constant(boxes), edges, corner: fc.constant([-50, 70] as const) });
});

test('boxes never overlap, and none is left of or above the corner', () => {
  fc.assert(
    fc.property(REQUEST, (request) => {
      const places = layout(request);
      expect(places.size).toBe(request.boxes.length);
      expect(overlaps(request.boxes, (id) => places.get(id) ?? [NaN, NaN])).toEqual([]);
      for (const [x, y] of places.values()) {
        expect(x).toBeGreaterThanOrEqual(-50);
        expect(y).toBeGreaterThanOrEqual(70);
      }
    }),
    { numRuns: 60 },
  );
});

test('the quick layout does not let boxes overlap either, and links lead to the right', () => {
  fc.assert(
    fc.property(REQUEST, ({ boxes, edges }) => {
      const forward = edges.filter(([from, to]) => Number(from) < Number(to));
      const middles = quickLayout(boxes, forward, { column: 50, row: 20 });
      const corner = (id: string): readonly [number, number] => {
        const [x, y] = middles.get(id) ?? [NaN, NaN];
        const { width = 0, height = 0 } = boxes.find((box) => box.id === id) ?? {};
        return [x - width / 2, y - height / 2];
      };
      expect(overlaps(boxes, corner)).toEqual([]);
      for (const [from, to] of forward)
        expect(middles.get(from)?.[0]).toBeLessThan(middles.get(to)?.[0] ?? NaN);
    }),
    { numRuns: 200 },
  );
});

test('circles are laid out too', () => {
  const boxes = ['a', 'b', 'c'].map((id) => ({ id, width: 10, height: 10 }));
  const edges = [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
  ] as const;
  expect(quickLayout(boxes, edges, { column: 5, row: 5 }).size).toBe(3);
  expect(layout({ boxes, edges, corner: [0, 0] }).size).toBe(3);
});

test('a workflow is arranged from left to right; pinned nodes stay', () => {
  const workflow = setPinned(usualWorkflow(), [], ['8'], true);
  const request = layoutRequest(workflow, [], null);
  const arranged = applyLayout(workflow, [], layout(request));
  expect(problemsOf(arranged)).toEqual([]);
  expect(arranged.root.nodes.get('8')).toBe(workflow.root.nodes.get('8'));
  for (const { from, to } of arranged.root.links.values()) {
    if (to.node === '8') continue;
    const [start, target] = [arranged.root.nodes.get(from.node), arranged.root.nodes.get(to.node)];
    expect((start?.pos[0] ?? 0) + (start?.size[0] ?? 0)).toBeLessThan(target?.pos[0] ?? NaN);
  }
});

test('groups go with their nodes, a group in a group too; pinned ones stay', () => {
  const [one, two] = [...usualWorkflow().root.nodes.keys()] as [string, string];
  const inner = addGroupAround(usualWorkflow(), [], 'inner', [one]);
  const outer = addGroupAround(inner, [], 'outer', [one, two]);
  const [small, large] = [...outer.root.groups.keys()].slice(-2) as [string, string];
  const widened = resizeGroup(outer, [], large, grown(outer.root.groups.get(large)!.bounds));
  const before = contentsOf(widened.root, widened.root.groups.get(large)!);
  const arranged = applyLayout(widened, [], layout(layoutRequest(widened, [], null)));
  const after = contentsOf(arranged.root, arranged.root.groups.get(large)!);
  expect([...before.nodes].filter((id) => !after.nodes.has(id))).toEqual([]);
  expect(after.groups.has(small)).toBe(true);
  const pinned = setGroupPinned(widened, [], large, true);
  const kept = applyLayout(pinned, [], layout(layoutRequest(pinned, [], null)));
  expect(kept.root.groups.get(large)).toBe(pinned.root.groups.get(large));
});

function grown({ x, y, width, height }: Rect): Rect {
  return { x: x - 20, y: y - 60, width: width + 40, height: height + 80 };
}

test('the ends of a subgraph and its reroutes are arranged with its nodes', () => {
  const workflow = usualWorkflow();
  const host = [...workflow.root.nodes.values()].find(({ type }) => type === 'make')?.id ?? '';
  const arranged = applyLayout(workflow, [host], layout(layoutRequest(workflow, [host], null)));
  const { inputPos, outputPos, graph } = arranged.subgraphs.get('make') ?? {};
  const lefts = [...(graph?.nodes.values() ?? [])].map(({ pos }) => pos[0]);
  expect(inputPos?.[0]).toBeLessThan(Math.min(...lefts));
  expect(outputPos?.[0]).toBeGreaterThan(Math.max(...lefts));
  expect(Math.min(...lefts)).toBeGreaterThan(0);
  expect([...(graph?.nodes.values() ?? [])].every(({ pos }) => pos[1] >= -HEADER)).toBe(true);
});

function overlaps(boxes: readonly Box[], corner: (id: string) => readonly [number, number]): string[] {
  return boxes.flatMap((one, index) =>
    boxes.slice(index + 1).flatMap((other) => {
      const [[x, y], [left, top]] = [corner(one.id), corner(other.id)];
      const isApart =
        x + one.width <= left || left + other.width <= x || y + one.height <= top || top + other.height <= y;
      return isApart ? [] : [`${one.id} and ${other.id}`];
    }),
  );
}
