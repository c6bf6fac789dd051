/** What is selected is moved: nodes, groups with what lies in them, reroutes. With Alt its copy is, linked as it is. */

import { contentsOf } from '../../core/edits/groups.ts';
import { insertOnLink } from '../../core/edits/links.ts';
import { addedItems, duplicate } from '../../core/edits/piece.ts';
import { moveItems, movePorts } from '../../core/edits/move.ts';
import type { Selection } from '../../core/editor.ts';
import { INPUT_NODE, type LinkId, type Point, type Rect, type Workflow } from '../../core/graph.ts';
import { alignTo, snapped, type Alignment } from '../../core/guides.ts';
import type { Target } from '../../core/hit.ts';
import { isPortNode } from '../../core/ports.ts';
import { around } from '../../core/scene.ts';
import { wayBetween, type Pointer, type Tool, type ToolContext } from './tool.ts';

type NodeTarget = Extract<Target, { readonly kind: 'node' }>;

export const GRID = 20;
const ALIGN_PIXELS = 6;
const MOST_ALIGNED = 400; // others that are compared with

export class Dragging implements Tool {
  readonly cursor = 'grabbing';
  readonly isEdgePanning = true;
  readonly #items: Selection;
  /** What it is aligned by: the thing that the pointer holds. */
  readonly #held: Rect | null;
  readonly #others: readonly Rect[];
  readonly #isCopy: boolean;
  #by: Point = [0, 0];
  #link: LinkId | null = null;

  constructor(
    private readonly context: ToolContext,
    private readonly target: Target,
    private readonly start: Pointer,
  ) {
    this.#items = withContents(context, start.mod);
    this.#isCopy =
      start.alt && !isPort(context, target) && this.#items.nodes.size + this.#items.groups.size > 0;
    this.#held = heldBy(context, target);
    this.#others = this.#findOthers();
  }

  move(pointer: Pointer): void {
    const { context } = this;
    const wanted = wayBetween(this.start, pointer);
    const { by, guides } = this.#align(wanted, pointer);
    this.#by = by;
    context.view.preview(this.#moved(context.workflow));
    this.#link = this.#linkBelow(pointer);
    context.show({ guides, target: this.#link === null ? null : { link: this.#link } });
  }

  up(): void {
    const { context } = this;
    if (this.#isCopy) return this.#copy();
    const [link, id] = [this.#link, [...this.#items.nodes][0]];
    context.editor.do(link === null ? 'view.edit.move' : 'view.edit.insert', (workflow) => {
      const moved = this.#moved(workflow);
      return link === null || id === undefined ? moved : insertOnLink(moved, context.path, link, id);
    });
    context.rest();
  }

  /** The copies are selected, so that the next drag moves them. */
  #copy(): void {
    const { context } = this;
    const before = context.workflow;
    context.editor.do('view.edit.copy', (workflow) => this.#moved(workflow));
    context.rest();
    const { nodes, groups, reroutes } = addedItems(before, context.workflow, context.path);
    context.editor.select(nodes, groups, reroutes);
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== 'Escape') return false;
    this.context.rest();
    return true;
  }

  stop(): void {
    this.context.clear();
  }

  #moved(workflow: Workflow): Workflow {
    const { context, target } = this;
    if (this.#isCopy) return duplicate(workflow, context.path, this.#items, this.#by, true);
    if (!isPort(context, target)) return moveItems(workflow, context.path, this.#items, this.#by);
    const held = this.#held ?? { x: 0, y: 0 };
    const end = target.node === INPUT_NODE ? 'input' : 'output';
    return movePorts(workflow, context.path, end, [held.x + this.#by[0], held.y + this.#by[1]]);
  }

  /** Snap to the grid or to others; Shift does what the setting does not. */
  #align(by: Point, { shift }: Pointer): Alignment {
    const held = this.#held;
    if (held === null) return { by, guides: [] };
    const moved = { ...held, x: held.x + by[0], y: held.y + by[1] };
    if (this.context.view.options.value.isSnapping !== shift) {
      const [x, y] = snapped([moved.x, moved.y], GRID);
      return { by: [x - held.x, y - held.y], guides: [] };
    }
    const found = alignTo(moved, this.#others, ALIGN_PIXELS / this.context.view.camera.zoom);
    return { by: [by[0] + found.by[0], by[1] + found.by[1]], guides: found.guides };
  }

  #findOthers(): Rect[] {
    const { scene } = this.context.view;
    const isStill = (id: string): boolean => this.#isCopy || !this.#items.nodes.has(id);
    const ids = scene.nodesIn(this.context.view.visible()).filter(isStill);
    return ids.slice(0, MOST_ALIGNED).map((id) => scene.nodes.get(id)!.bounds);
  }

  /** A single node without links of its own may be dropped on a link. */
  #linkBelow({ graph }: Pointer): LinkId | null {
    const { context } = this;
    if (this.#isCopy) return null;
    const [id, ...more] = this.#items.nodes;
    const node = id === undefined || more.length > 0 ? undefined : context.view.graph.nodes.get(id);
    if (node === undefined || node.inputs.some(({ link }) => link !== null)) return null;
    if (node.outputs.some(({ links }) => links.length > 0)) return null;
    return this.#linkAt(graph, node.id);
  }

  #linkAt(point: Point, node: string): LinkId | null {
    const { context } = this;
    const { scene } = context.view;
    const bounds = scene.nodes.get(node)?.bounds;
    const near = bounds === undefined ? [] : scene.linksIn(bounds);
    const fitting = near.filter((id) => {
      const middle = scene.links.get(id)!.curve.middle;
      const isUnder = bounds !== undefined && isIn(bounds, middle);
      return isUnder && insertOnLink(context.workflow, context.path, id, node) !== context.workflow;
    });
    const far = (id: LinkId) => {
      const [x, y] = scene.links.get(id)!.curve.middle;
      return Math.hypot(x - point[0], y - point[1]);
    };
    return fitting.sort((a, b) => far(a) - far(b))[0] ?? null;
  }
}

/** Whether it is an end of the subgraph that is shown. */
function isPort({ view }: ToolContext, target: Target): target is NodeTarget {
  const node = target.kind === 'node' ? view.scene.nodes.get(target.node)?.node : undefined;
  return node !== undefined && isPortNode(node);
}

function isIn({ x, y, width, height }: Rect, [px, py]: Point): boolean {
  return px >= x && px <= x + width && py >= y && py <= y + height;
}

/** Return what is selected, with what lies in selected groups unless Ctrl is held. */
function withContents({ editor, view }: ToolContext, isAlone: boolean): Selection {
  const { value } = editor.selection;
  if (value.groups.size === 0 || isAlone) return value;
  const [nodes, groups, reroutes] = [new Set(value.nodes), new Set(value.groups), new Set(value.reroutes)];
  for (const id of value.groups) {
    const group = view.graph.groups.get(id);
    if (group === undefined) continue;
    const inside = contentsOf(view.graph, group);
    for (const node of inside.nodes) nodes.add(node);
    for (const inner of inside.groups) groups.add(inner);
    for (const reroute of inside.reroutes) reroutes.add(reroute);
  }
  return { nodes, groups, reroutes };
}

function heldBy({ view }: ToolContext, target: Target): Rect | null {
  if (target.kind === 'node') return view.scene.nodes.get(target.node)?.bounds ?? null;
  if (target.kind === 'group') return view.graph.groups.get(target.group)?.bounds ?? null;
  if (target.kind !== 'reroute') return null;
  const pos = view.graph.reroutes.get(target.reroute)?.pos;
  return pos === undefined ? null : (around([{ x: pos[0], y: pos[1], width: 0, height: 0 }]) ?? null);
}
