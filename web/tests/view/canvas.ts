/**
 * A canvas without a page: an editor, its view and its tools, moved by a pointer and by keys as a user would.
 *
 *     const canvas = new TestCanvas(textToImage());
 *     canvas.drag(canvas.header('5'), [40, 20]);
 *     canvas.node('5').pos;
 */

import { Editor } from '../../src/core/editor.ts';
import type { GraphNode, NodeId, Point, Workflow } from '../../src/core/graph.ts';
import { Store } from '../../src/core/store.ts';
import type { Specs } from '../../src/core/specs.ts';
import { Keyboard } from '../../src/view/keyboard.ts';
import type { LinkStart, Spot } from '../../src/view/options.ts';
import { Idle } from '../../src/view/tools/idle.ts';
import { ToolContext, type Pointer } from '../../src/view/tools/tool.ts';
import { View } from '../../src/view/view.ts';
import { SPECS } from '../core/edits/examples.ts';

export type Keys = Partial<Pick<Pointer, 'shift' | 'alt' | 'mod' | 'button' | 'isTouch'>>;

export class TestCanvas {
  readonly editor: Editor;
  readonly view: View;
  readonly tools: ToolContext;
  /** Why links were not made. */
  readonly refused: string[] = [];
  readonly dropped: { from: LinkStart; spot: Spot }[] = [];
  readonly #keyboard: Keyboard;
  #keys: Keys = {};

  constructor(workflow: Workflow, specs: Specs = SPECS) {
    this.editor = new Editor(new Store<Specs>(specs), workflow);
    this.view = new View(this.editor, (key, values) => `${key} ${JSON.stringify(values ?? {})}`);
    this.view.options.update((options) => ({ ...options, isCalm: true }));
    this.view.resize([3000, 1000]);
    const events = {
      onDropLink: (from: LinkStart, spot: Spot) => void this.dropped.push({ from, spot }),
      onRefuse: (reason: string, values: object = {}) =>
        void this.refused.push(`${reason} ${JSON.stringify(values)}`),
    };
    this.tools = new ToolContext(this.view, events, (context) => new Idle(context));
    this.#keyboard = new Keyboard(this.tools);
  }

  node(id: NodeId): GraphNode {
    return this.editor.graph.nodes.get(id)!;
  }

  get selected(): NodeId[] {
    return [...this.editor.selection.value.nodes].sort();
  }

  /** A place in the header of a node. */
  header(id: NodeId): Point {
    const [x, y] = this.node(id).pos;
    return [x + 60, y - 15];
  }

  socket(side: 'input' | 'output', node: NodeId, slot: number): Point {
    return this.view.scene.socketAt(side, { node, slot })!;
  }

  /** Hold keys for what follows. */
  hold(keys: Keys): this {
    this.#keys = keys;
    return this;
  }

  down(at: Point): this {
    this.tools.tool.down?.(this.#pointer(at));
    return this;
  }

  move(at: Point): this {
    this.tools.tool.move?.(this.#pointer(at));
    return this;
  }

  up(at: Point): this {
    this.tools.tool.up?.(this.#pointer(at));
    return this;
  }

  click(at: Point): this {
    return this.down(at).up(at);
  }

  /** Press, move there in steps, release. */
  dragTo(from: Point, to: Point): this {
    this.down(from);
    for (let step = 1; step <= 4; step++) {
      this.move([from[0] + ((to[0] - from[0]) * step) / 4, from[1] + ((to[1] - from[1]) * step) / 4]);
    }
    return this.up(to);
  }

  drag(from: Point, by: Point): this {
    return this.dragTo(from, [from[0] + by[0], from[1] + by[1]]);
  }

  key(key: string, given: Partial<KeyboardEvent> = {}): boolean {
    const event = {
      key,
      shiftKey: false,
      ctrlKey: false,
      altKey: false,
      metaKey: false,
      ...given,
    } as KeyboardEvent;
    return this.tools.tool.key?.(event) === true || this.#keyboard.key(event);
  }

  #pointer(graph: Point): Pointer {
    const screen = this.view.graphToScreen(graph);
    const none = { shift: false, alt: false, mod: false, button: 0, isTouch: false };
    return { ...none, ...this.#keys, graph, screen, client: screen };
  }
}
