import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { curveOf, distanceTo, pointAt } from '../../src/core/curves.ts';
import { moveItems } from '../../src/core/edits/move.ts';
import { removeNodes } from '../../src/core/edits/nodes.ts';
import { addReroute } from '../../src/core/edits/reroutes.ts';
import { resizeNode } from '../../src/core/edits/size.ts';
import type { Point, Workflow } from '../../src/core/graph.ts';
import { hit } from '../../src/core/hit.ts';
import { Scene, type SpecOf } from '../../src/core/scene.ts';
import { intersects } from '../../src/core/spatial.ts';
import { SPECS } from './edits/examples.ts';
import { textToImage } from './linked.ts';

const specOf: SpecOf = (node) => SPECS.get(node.type);
const OPTIONS = { reach: 6, front: new Set<string>(), hasLinks: true };

function shown(workflow: Workflow): Scene {
  const scene = new Scene();
  scene.show(workflow.root, specOf);
  return scene;
}

/** Changes of a graph by small numbers. */
function change(workflow: Workflow, kind: number, which: number, by: Point): Workflow {
  const ids = [...workflow.root.nodes.keys()];
  const links = [...workflow.root.links.keys()];
  const id = ids[which % Math.max(1, ids.length)];
  const link = links[which % Math.max(1, links.length)];
  const items = {
    nodes: new Set(id === undefined ? [] : [id]),
    groups: new Set<string>(),
    reroutes: new Set<string>(),
  };
  if (kind === 0 && id !== undefined) return removeNodes(workflow, [], [id]);
  if (kind === 1 && id !== undefined) return resizeNode(workflow, [], id, [200 + by[0], 100 + by[1]]);
  if (kind === 2 && link !== undefined) return addReroute(workflow, [], link, by);
  if (kind === 3) {
    const reroutes = new Set(workflow.root.reroutes.keys());
    return moveItems(workflow, [], { ...items, reroutes }, by);
  }
  return moveItems(workflow, [], items, by);
}

const changes = fc.array(
  fc.tuple(
    fc.nat(4),
    fc.nat(20),
    fc.tuple(fc.integer({ min: -900, max: 900 }), fc.integer({ min: -900, max: 900 })),
  ),
  { maxLength: 12 },
);

describe('a scene', () => {
  test('that followed changes is the scene of the graph they lead to', () => {
    fc.assert(
      fc.property(changes, (list) => {
        let workflow = textToImage();
        const scene = shown(workflow);
        for (const [kind, which, by] of list) {
          workflow = change(workflow, kind, which, by);
          scene.show(workflow.root, specOf);
        }
        const fresh = shown(workflow);
        const all = { x: -1e7, y: -1e7, width: 2e7, height: 2e7 };
        expect([...scene.nodes.values()].map((placed) => placed.bounds)).toEqual(
          [...scene.nodes.keys()].map((id) => fresh.nodes.get(id)?.bounds),
        );
        expect(new Set(scene.nodesIn(all))).toEqual(new Set(fresh.nodesIn(all)));
        expect(new Set(scene.linksIn(all))).toEqual(new Set(fresh.linksIn(all)));
        for (const [id, { curve }] of fresh.links) expect(scene.links.get(id)?.curve).toEqual(curve);
        for (const id of fresh.nodes.keys()) expect(scene.rank(id)).toBe(fresh.rank(id));
      }),
    );
  });

  test('keeps what did not change', () => {
    const workflow = textToImage();
    const scene = shown(workflow);
    const before = new Map(scene.nodes);
    const [moved] = workflow.root.nodes.keys();
    const nodes = new Set([moved!]);
    scene.show(
      moveItems(workflow, [], { nodes, groups: new Set(), reroutes: new Set() }, [5, 5]).root,
      specOf,
    );
    for (const [id, placed] of scene.nodes) expect(placed === before.get(id)).toBe(id !== moved);
    expect(scene.nodes.get(moved!)?.layout).toBe(before.get(moved!)?.layout);
  });
});

describe('what is at a point', () => {
  test('is the socket where a socket is, whatever lies below', () => {
    const scene = shown(textToImage());
    for (const [id, { layout, node }] of scene.nodes) {
      layout.outputs.forEach((_, slot) => {
        const at = scene.socketAt('output', { node: id, slot })!;
        const front = new Set([id]);
        expect(hit(scene, at, { ...OPTIONS, front })).toEqual({ kind: 'output', node: node.id, slot });
      });
    }
  });

  test('is the node in front where nodes cover each other', () => {
    const workflow = textToImage();
    const [a, b] = [...workflow.root.nodes.keys()] as [string, string];
    const from = workflow.root.nodes.get(b)!.pos;
    const to = workflow.root.nodes.get(a)!.pos;
    const items = { nodes: new Set([b]), groups: new Set<string>(), reroutes: new Set<string>() };
    const scene = shown(moveItems(workflow, [], items, [to[0] - from[0], to[1] - from[1]]));
    const point: Point = [to[0] + 40, to[1] - 10];
    expect(hit(scene, point, OPTIONS)).toMatchObject({ node: b });
    expect(hit(scene, point, { ...OPTIONS, front: new Set([a]) })).toMatchObject({ node: a });
  });

  test('is a link all along its curve, and its marker in the middle', () => {
    const curve = curveOf(
      [
        [0, 0],
        [400, 300],
      ],
      'curve',
    );
    for (let t = 0; t <= 1; t += 0.05)
      expect(distanceTo(curve, pointAt(curve.pieces[0]!, t))).toBeLessThan(2);
    const scene = shown(textToImage());
    const [id, { curve: first }] = [...scene.links].find(([, { link }]) => link.to.node === '2')!;
    expect(hit(scene, first.middle, OPTIONS)).toEqual({ kind: 'middle', link: id });
    expect(hit(scene, first.middle, { ...OPTIONS, hasLinks: false }).kind).toBe('empty');
  });

  test('is nothing where no bounds are', () => {
    const scene = shown(textToImage());
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: -3000, max: 3000 }), (x, y) => {
        const near = { x: x - 20, y: y - 20, width: 40, height: 40 };
        const isFree = [...scene.nodes.values()].every(({ bounds }) => !intersects(bounds, near));
        const isUnlinked = [...scene.links.values()].every(({ curve }) => !intersects(curve.bounds, near));
        if (isFree && isUnlinked) expect(hit(scene, [x, y], OPTIONS)).toEqual({ kind: 'empty' });
      }),
    );
  });
});

describe('curves', () => {
  const point = fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }));

  test('lie within their bounds, from the first point to the last', () => {
    const style = fc.constantFrom('curve' as const, 'straight' as const, 'square' as const);
    fc.assert(
      fc.property(fc.array(point, { minLength: 2, maxLength: 5 }), style, (points, shape) => {
        const { pieces, bounds, middle } = curveOf(points, shape);
        expect(pieces[0]!.from).toEqual(points[0]);
        expect(pieces.at(-1)!.to).toEqual(points.at(-1));
        for (const each of [...pieces.map((piece) => pointAt(piece, 0.37)), middle]) {
          const at = { x: each[0], y: each[1], width: 0, height: 0 };
          const grown = {
            x: bounds.x - 1e-6,
            y: bounds.y - 1e-6,
            width: bounds.width + 2e-6,
            height: bounds.height + 2e-6,
          };
          expect(intersects(at, grown)).toBe(true);
        }
      }),
    );
  });
});
