import { describe, expect, test } from 'vitest';
import type { GraphNode } from '../../src/core/graph.ts';
import { isPlainCrowd } from '../../src/view/crowd.ts';
import { paceOf } from '../../src/view/pace.ts';
import { Residents } from '../../src/view/residents.ts';
import { textToImage } from '../core/linked.ts';
import { TestCanvas } from './canvas.ts';

/** Until nothing more is to be done; how often it took. */
function finish(residents: Residents): number {
  let count = 1;
  while (residents.update('rest')) count += 1;
  return count;
}

describe('elements of nodes', () => {
  test('come in for all that is in sight when the camera rests', () => {
    const { view, editor } = new TestCanvas(textToImage());
    const residents = new Residents(view);
    view.fit();
    view.zoomTo(1);
    finish(residents);
    const near = view.scene.nodesIn(view.visible());
    expect(near.length).toBeGreaterThan(0);
    for (const id of near) expect(residents.has(id)).toBe(true);
    expect(residents.list.value.length).toBeLessThanOrEqual(editor.graph.nodes.size);
  });

  test('neither come nor go while the camera moves fast, and come when it rests', () => {
    const { view } = new TestCanvas(textToImage());
    const residents = new Residents(view);
    view.panBy(1e5, 0);
    finish(residents);
    expect(residents.list.value).toEqual([]);
    view.fit();
    view.zoomTo(1);
    expect(residents.update('fast')).toBe(false);
    expect(residents.list.value).toEqual([]);
    finish(residents);
    expect(residents.list.value).not.toEqual([]);
  });

  test('go with their nodes even then', () => {
    const { view, editor } = new TestCanvas(textToImage());
    const residents = new Residents(view);
    view.fit();
    view.zoomTo(1);
    finish(residents);
    const [first] = residents.list.value;
    editor.do('remove', (workflow) => {
      const nodes = new Map(workflow.root.nodes);
      nodes.delete(first!.node.id);
      return { ...workflow, root: { ...workflow.root, nodes } };
    });
    residents.update('fast');
    expect(residents.has(first!.node.id)).toBe(false);
    expect(residents.list.value).not.toContain(first);
  });
});

describe('the pace of the camera', () => {
  test('tells zooming, long ways and short ways apart', () => {
    const camera = { x: 0, y: 0, zoom: 0.5 };
    expect(paceOf(camera, { ...camera, zoom: 0.51 })).toBe('zoom');
    expect(paceOf(camera, { ...camera, x: 100 })).toBe('fast');
    expect(paceOf(camera, { ...camera, x: 6, y: 8 })).toBe('slow');
  });
});

describe('a crowd of plain nodes', () => {
  /** Many copies of a workflow's node, side by side. */
  function crowd(count: number): TestCanvas {
    const workflow = textToImage();
    const [node] = workflow.root.nodes.values();
    const nodes = Array.from({ length: count }, (_, index): [string, GraphNode] => [
      `c${index}`,
      { ...node!, id: `c${index}`, pos: [(index % 6) * 340, Math.floor(index / 6) * 360] },
    ]);
    const root = { ...workflow.root, nodes: new Map(nodes), links: new Map() };
    const canvas = new TestCanvas({ ...workflow, root });
    canvas.view.fit();
    return canvas;
  }

  test('is shown by the canvas as well as by elements', () => {
    expect(isPlainCrowd(crowd(18).view)).toBe(true);
  });

  test('is none with few nodes, or with one that shows a picture or is a note', () => {
    expect(isPlainCrowd(crowd(4).view)).toBe(false);
    const { view } = crowd(18);
    view.setExtra('c3', 120);
    expect(isPlainCrowd(view)).toBe(false);
    view.setExtra('c3', 0);
    expect(isPlainCrowd(view)).toBe(true);
    view.editor.do('note', (workflow) => {
      const nodes = new Map(workflow.root.nodes);
      nodes.set('c5', { ...nodes.get('c5')!, type: 'Note' });
      return { ...workflow, root: { ...workflow.root, nodes } };
    });
    expect(isPlainCrowd(view)).toBe(false);
  });
});
