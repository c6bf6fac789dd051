import { describe, expect, test } from 'vitest';
import { addGroupAround } from '../../src/core/edits/groups.ts';
import { addNewNode } from '../../src/core/edits/nodes.ts';
import { EMPTY_LATENT, SAMPLER, SCALE, withNodes } from '../core/edits/examples.ts';
import { textToImage } from '../core/linked.ts';
import { TestCanvas } from './canvas.ts';

const canvas = () => new TestCanvas(textToImage());

describe('selecting', () => {
  test('a click takes one node, with Shift one more or one less', () => {
    const it = canvas();
    it.click(it.header('2'));
    expect(it.selected).toEqual(['2']);
    it.hold({ shift: true }).click(it.header('3'));
    expect(it.selected).toEqual(['2', '3']);
    it.click(it.header('2'));
    expect(it.selected).toEqual(['3']);
  });

  test('a box takes what it touches, adds with Shift and takes away with Alt', () => {
    const it = canvas();
    it.dragTo([-50, -100], [350, 10]);
    expect(it.selected).toEqual(['1', '2']);
    it.hold({ shift: true }).dragTo([850, -100], [950, 10]);
    expect(it.selected).toEqual(['1', '2', '4']);
    it.hold({ alt: true }).dragTo([400, -60], [450, -10]);
    expect(it.selected).toEqual(['1', '4']);
  });

  test('Escape gives the box up', () => {
    const it = canvas();
    it.click(it.header('3')).down([-50, -100]).move([350, 10]);
    expect(it.selected).toEqual(['1', '2']);
    it.key('Escape');
    expect(it.selected).toEqual(['3']);
    expect(it.view.overlay.value.box).toBeNull();
  });

  test('a click on the ground takes nothing', () => {
    const it = canvas();
    it.click(it.header('2')).click([-200, -300]);
    expect(it.selected).toEqual([]);
  });
});

describe('dragging', () => {
  test('moves what is selected as one step', () => {
    const it = canvas();
    const before = it.editor.workflow;
    it.dragTo([-50, -100], [350, 10]).drag(it.header('2'), [400, 333]);
    expect(it.node('2').pos).toEqual([700, 333]);
    expect(it.node('1').pos).toEqual([400, 333]);
    it.editor.history.undo();
    expect(it.editor.workflow).toBe(before);
  });

  test('shows where things go before it is decided, and Escape takes it back', () => {
    const it = canvas();
    it.down(it.header('2')).move([400, 400]).move([500, 500]);
    expect(it.view.scene.nodes.get('2')!.node.pos).not.toEqual([300, 0]);
    expect(it.node('2').pos).toEqual([300, 0]);
    it.key('Escape');
    expect(it.view.scene.nodes.get('2')!.node.pos).toEqual([300, 0]);
    expect(it.editor.history.canUndo).toBe(false);
  });

  test('snaps to the grid where the setting says so', () => {
    const it = canvas();
    it.view.options.update((options) => ({ ...options, isSnapping: true }));
    it.drag(it.header('2'), [13, 407]);
    const [x, y] = it.view.scene.nodes.get('2')!.node.pos;
    expect([x % 20, (y - 30) % 20]).toEqual([0, 0]);
  });

  test('goes into line with others nearby and shows the line', () => {
    const it = canvas();
    it.down(it.header('2')).move([600, 300]).move([663, 300]);
    expect(it.view.scene.nodes.get('2')!.node.pos[0]).toBe(600);
    expect(it.view.overlay.value.guides).toContainEqual(expect.objectContaining({ axis: 'x', at: 600 }));
  });

  test('with Alt a copy goes along, linked to the same inputs, as one step', () => {
    const it = canvas();
    const before = it.editor.workflow;
    it.hold({ alt: true }).drag(it.header('4'), [0, 400]);
    const [copy] = it.selected;
    expect(it.editor.graph.nodes.size).toBe(before.root.nodes.size + 1);
    expect(it.node('4').pos).toEqual(before.root.nodes.get('4')!.pos);
    expect(it.node(copy!).pos[1]).toBe(it.node('4').pos[1] + 400);
    const sources = (id: string) =>
      it.node(id).inputs.map((slot) => it.editor.graph.links.get(slot.link ?? '')?.from);
    expect(sources(copy!)).toEqual(sources('4'));
    expect(it.node(copy!).outputs.flatMap(({ links }) => links)).toEqual([]);
    it.editor.history.undo();
    expect(it.editor.workflow).toBe(before);
  });

  test('a copy of several nodes has the links among them, and Escape makes none', () => {
    const it = canvas();
    it.dragTo([-50, -100], [350, 10])
      .hold({ alt: true })
      .down(it.header('2'))
      .move([400, 500])
      .move([400, 600]);
    expect(it.view.scene.nodes.size).toBe(it.editor.graph.nodes.size + 2);
    it.key('Escape');
    expect(it.view.scene.nodes.size).toBe(it.editor.graph.nodes.size);
    expect(it.editor.history.canUndo).toBe(false);
  });

  test('what the setting says is done by a drag of the ground, the other with Ctrl', () => {
    const it = canvas();
    it.view.options.update((options) => ({ ...options, drag: 'pan' }));
    const before = it.view.camera;
    it.dragTo([-50, -100], [350, 10]);
    expect([it.selected, it.view.camera.x === before.x]).toEqual([[], false]);
    it.hold({ mod: true }).dragTo([-50, -100], [350, 10]);
    expect(it.selected).toEqual(['1', '2']);
  });

  test('a group takes along what lies in it, unless Ctrl is held', () => {
    const it = new TestCanvas(addGroupAround(textToImage(), [], 'Both', ['1', '2']));
    const [group] = it.editor.graph.groups.values();
    const title = [group!.bounds.x + 20, group!.bounds.y + 10] as const;
    it.drag(title, [0, 500]);
    expect([it.node('1').pos[1], it.node('2').pos[1], it.node('3').pos[1]]).toEqual([500, 500, 0]);
    it.hold({ mod: true }).drag([title[0], title[1] + 500], [0, 500]);
    expect(it.node('1').pos[1]).toBe(500);
  });

  test('a free node dropped on a link goes into it', () => {
    const it = new TestCanvas(addNewNode(textToImage(), [], SCALE, [1700, 600]));
    const id = [...it.editor.graph.nodes.keys()].at(-1)!;
    const link = [...it.view.scene.links.values()].find(({ link }) => link.to.node === '7')!;
    const [x, y] = link.curve.middle;
    it.dragTo(it.header(id), [x, y - 15]);
    expect(it.node(id).inputs[0]!.link).not.toBeNull();
    const into = it.editor.graph.links.get(it.node('7').inputs[0]!.link!)!;
    expect(into.from.node).toBe(id);
  });

  test('the corner resizes, not below what the node needs', () => {
    const it = canvas();
    const { bounds } = it.view.scene.nodes.get('5')!;
    const corner = [bounds.x + bounds.width - 3, bounds.y + bounds.height - 3] as const;
    it.drag(corner, [60, 40]);
    expect(it.node('5').size).toEqual([bounds.width + 60, bounds.height - 30 + 40]);
    it.drag([corner[0] + 60, corner[1] + 40], [-900, -900]);
    expect(it.view.scene.nodes.get('5')!.bounds.width).toBeLessThan(bounds.width);
  });
});

describe('linking', () => {
  const source = (it: TestCanvas, node: string, slot: number) => {
    const id = it.node(node).inputs[slot]!.link;
    return id === null ? null : it.editor.graph.links.get(id)!.from;
  };

  test('a drag from an output to an input that fits links them', () => {
    const it = new TestCanvas(addNewNode(textToImage(), [], EMPTY_LATENT, [900, 500]));
    const id = [...it.editor.graph.nodes.keys()].at(-1)!;
    it.dragTo(it.socket('output', id, 0), it.socket('input', '5', 3));
    expect(source(it, '5', 3)).toEqual({ node: id, slot: 0 });
  });

  test('a drag to a socket that does not fit changes nothing and says which types they are', () => {
    const it = canvas();
    const before = it.editor.workflow;
    const sentence = 'view.otherType {"given":"LATENT","wanted":"MODEL"}';
    it.dragTo(it.socket('output', '4', 0), it.socket('input', '5', 0));
    expect(it.refused).toEqual([sentence]);
    const free = new TestCanvas(withNodes([EMPTY_LATENT, SAMPLER]));
    free.dragTo(free.socket('input', '2', 0), free.socket('output', '1', 0));
    expect(free.refused).toEqual([sentence]);
    it.dragTo(it.socket('input', '5', 3), it.socket('input', '6', 1)); // a link that is there stays there
    expect(it.refused).toEqual([sentence, 'view.otherType {"given":"LATENT","wanted":"VAE"}']);
    expect(it.editor.workflow).toBe(before);
    expect(it.dropped).toEqual([]);
  });

  test('while it is drawn, what fits is lit and the rest is not', () => {
    const it = canvas();
    it.down(it.socket('output', '4', 0))
      .move([1000, 300])
      .move([1100, 300]);
    const { lit } = it.view.overlay.value;
    expect(lit!({ side: 'input', node: '5', slot: 3 })).toBe(true);
    expect(lit!({ side: 'input', node: '5', slot: 0 })).toBe(false);
    expect(lit!({ side: 'output', node: '5', slot: 0 })).toBe(false);
    it.key('Escape');
    expect(it.view.overlay.value.lit).toBeNull();
  });

  test('a drop on a node takes its first socket that fits', () => {
    const it = new TestCanvas(addNewNode(textToImage(), [], EMPTY_LATENT, [900, 500]));
    const id = [...it.editor.graph.nodes.keys()].at(-1)!;
    it.dragTo(it.socket('output', id, 0), it.header('6'));
    expect(source(it, '6', 0)).toEqual({ node: id, slot: 0 });
  });

  test('a drop on the ground asks what to add', () => {
    const it = canvas();
    it.dragTo(it.socket('output', '6', 0), [1900, 700]);
    expect(it.dropped).toHaveLength(1);
    expect(it.dropped[0]!.from).toMatchObject({
      side: 'output',
      type: 'IMAGE',
      ends: [{ node: '6', slot: 0 }],
    });
  });

  test('a drag from a linked input takes the link off, and puts it to another one', () => {
    const it = canvas();
    it.dragTo(it.socket('input', '5', 1), [1000, 700]);
    expect(source(it, '5', 1)).toBeNull();
    it.dragTo(it.socket('input', '5', 2), it.socket('input', '5', 1));
    expect([source(it, '5', 1), source(it, '5', 2)]).toEqual([{ node: '3', slot: 0 }, null]);
  });

  test('a click on a linked input changes nothing', () => {
    const it = canvas();
    const before = it.editor.workflow;
    it.click(it.socket('input', '5', 1));
    expect(it.editor.workflow).toBe(before);
  });

  test('Shift moves all links of an output to another one', () => {
    const it = canvas();
    it.hold({ shift: true }).dragTo(it.socket('output', '2', 0), it.socket('output', '3', 0));
    expect([source(it, '5', 1), source(it, '5', 2)]).toEqual([
      { node: '3', slot: 0 },
      { node: '3', slot: 0 },
    ]);
  });

  test('Alt on a link makes a reroute that can be dragged at once', () => {
    const it = canvas();
    const { curve } = [...it.view.scene.links.values()].find(({ link }) => link.to.node === '2')!;
    it.hold({ alt: true }).drag(curve.middle, [30, 200]);
    const [reroute] = it.editor.graph.reroutes.values();
    expect(reroute!.pos[1]).toBeCloseTo(curve.middle[1] + 200);
    expect(reroute!.links).toHaveLength(1);
  });
});

describe('looking around', () => {
  test('the middle button moves the ground', () => {
    const it = canvas();
    it.hold({ button: 1 }).down([0, 0]).move([50, 20]);
    expect(it.view.camera).toEqual({ x: -50, y: -20, zoom: 1 });
  });

  test('touching the ground moves it, too', () => {
    const it = canvas();
    it.hold({ isTouch: true }).down([-200, -300]).move([-150, -280]);
    expect(it.view.camera).toEqual({ x: -50, y: -20, zoom: 1 });
  });

  test('each level keeps where one looked', async () => {
    const it = canvas();
    it.view.goTo('7');
    expect(it.selected).toEqual(['7']);
    const { camera } = it.view;
    const [x, y] = it.view.screenToGraph([1500, 500]);
    expect(it.view.hit([x, y])).toMatchObject({ node: '7' });
    expect(it.view.camera).toEqual(camera);
  });
});

describe('the keyboard', () => {
  test('arrows go from node to node and tell where they are', () => {
    const it = canvas();
    it.key('ArrowRight');
    expect(it.view.focus.value?.node).toBe('1');
    it.key('ArrowRight');
    expect(it.selected).toEqual(['2']);
    expect(it.view.news.value).toContain('Encode');
  });

  test('Tab goes through the sockets and leaves after the last', () => {
    const it = canvas();
    it.editor.select(['2']);
    it.key('ArrowLeft');
    it.key('ArrowRight');
    const seen = [];
    while (it.key('Tab')) seen.push(it.view.focus.value!.socket!.side);
    expect(seen).toEqual(['input', 'output']);
  });

  test('links two sockets without a pointer', () => {
    const it = new TestCanvas(addNewNode(textToImage(), [], SCALE, [1700, 400]));
    const id = [...it.editor.graph.nodes.keys()].at(-1)!;
    it.editor.select([id]);
    it.view.focus.set({ node: id, socket: { side: 'input', node: id, slot: 0 } });
    it.key('Enter');
    expect(it.view.overlay.value.chosen).toEqual({ side: 'output', node: '6', slot: 0 });
    it.key('Enter');
    expect(it.editor.graph.links.get(it.node(id).inputs[0]!.link!)!.from).toEqual({ node: '6', slot: 0 });
  });

  test('Escape leaves the link, the socket, then the node', () => {
    const it = canvas();
    it.view.focus.set({ node: '6', socket: { side: 'output', node: '6', slot: 0 } });
    it.key('Enter');
    expect(it.view.overlay.value.lit).not.toBeNull();
    it.key('Escape');
    expect(it.view.overlay.value.lit).toBeNull();
    it.key('Escape');
    expect(it.view.focus.value).toEqual({ node: '6', socket: null });
    it.key('Escape');
    expect(it.view.focus.value).toBeNull();
    expect(it.key('Escape')).toBe(false);
  });

  test('Ctrl with arrows moves what is selected', () => {
    const it = canvas();
    it.editor.select(['2']);
    it.key('ArrowDown', { ctrlKey: true });
    expect(it.node('2').pos).toEqual([300, 20]);
  });
});
