/**
 * View: how one editor's graph is looked at. It keeps the scene in step with the editor, moves the camera and says
 * when to draw; tools, painters and the layer of nodes all work on it.
 *
 *     view.fit();
 *     view.goTo('7');
 *     view.screenToGraph([120, 80]);
 */

import { between, centred, fitted, panned, toGraph, toScreen, viewport, zoomed } from '../core/camera.ts';
import type { Camera, Editor } from '../core/editor.ts';
import {
  graphAt,
  subgraphIdAt,
  type Graph,
  type GraphNode,
  type NodeId,
  type Path,
  type Point,
  type Rect,
  type Size,
  type Subgraph,
  type Workflow,
} from '../core/graph.ts';
import { hit, type Target } from '../core/hit.ts';
import { portNodes } from '../core/ports.ts';
import { Scene, type SpecOf } from '../core/scene.ts';
import type { NodeSpec, Specs } from '../core/specs.ts';
import { Store } from '../core/store.ts';
import { hasOpeners } from '../core/opened.ts';
import { specOf } from '../core/subgraphs/spec.ts';
import { STANDARD_OPTIONS, type Focus, type ViewOptions } from './options.ts';
import { NO_OVERLAY, type Overlay } from './overlay.ts';

/** Below this zoom nodes are boxes on the canvas; above it they are elements that can be used. */
export const FAR_ZOOM = 0.5;
const GLIDE_MS = 180;
const REACH = 6; // pixels beside a thing that still count
const TOUCH_REACH = 14;

export class View {
  readonly scene = new Scene();
  readonly overlay = new Store<Overlay>(NO_OVERLAY);
  /** Where the keyboard is. */
  readonly focus = new Store<Focus | null>(null);
  readonly cursor = new Store('');
  /** Grows when the scene changes. */
  readonly changes = new Store(0);
  /** The node whose title is being edited. */
  readonly renaming = new Store<NodeId | null>(null);
  /** What screen readers are told. */
  readonly news = new Store('');
  readonly options = new Store<ViewOptions>(STANDARD_OPTIONS);
  /** The least heights of what runs showed in nodes. */
  readonly extras = new Store<ReadonlyMap<NodeId, number>>(new Map());
  /** In pixels. */
  size: Size = [1, 1];
  /** Tells when the size changes. */
  readonly sized = new Store(0);
  /** Set by the surface: draw in the next frame. `isMove`: only the camera changed. */
  invalidate: (isMove?: boolean) => void = () => {};
  #preview: Workflow | null = null;
  #specOf: SpecOf = () => undefined;
  #specsFor: readonly unknown[] = [];
  #path: Path = [];
  #portsFor: Subgraph | undefined;
  #ports: readonly GraphNode[] = [];
  readonly #cameras = new Map<string, Camera>();
  readonly #ends: (() => void)[] = [];
  #glide = 0;

  /** Set by the surface: put the focus into the element of a node. */
  enterNode: (node: NodeId) => void = () => {};

  constructor(
    readonly editor: Editor,
    /** Gives the texts of the catalogue. */
    readonly say: (key: string, values?: { readonly [name: string]: string | number }) => string = (key) =>
      key,
  ) {
    const sync = () => this.#sync();
    const redraw = () => this.invalidate();
    this.#ends.push(editor.history.present.watch(sync), editor.specs.watch(sync), this.extras.watch(sync));
    const move = () => this.invalidate(true);
    this.#ends.push(editor.camera.watch(move), this.overlay.watch(move), this.focus.watch(move));
    this.#ends.push(
      editor.selection.watch(redraw),
      this.options.watch(() => this.#follow()),
    );
    this.#path = editor.path;
    this.#sync();
  }

  end(): void {
    this.#stopGliding();
    for (const end of this.#ends) end();
  }

  get camera(): Camera {
    return this.editor.camera.value;
  }

  get graph(): Graph {
    return this.scene.graph;
  }

  get isFar(): boolean {
    return this.camera.zoom < FAR_ZOOM;
  }

  /** Tell screen readers something. */
  announce(key: string, values: { readonly [name: string]: string | number } = {}): void {
    this.news.set(this.say(key, values));
  }

  /** Show a workflow that is not decided yet (a node in the middle of being dragged); null: what is. */
  preview(workflow: Workflow | null): void {
    if (workflow === this.#preview) return;
    this.#preview = workflow;
    this.#sync();
  }

  /** Keep room in a node for what a run showed. */
  setExtra(node: NodeId, height: number): void {
    if ((this.extras.value.get(node) ?? 0) === height) return;
    this.extras.set(new Map(this.extras.value).set(node, height));
  }

  screenToGraph(point: Point): Point {
    return toGraph(this.camera, point);
  }

  graphToScreen(point: Point): Point {
    return toScreen(this.camera, point);
  }

  /** Return what part of the graph is seen, and `margin` pixels around it. */
  visible(margin = 0): Rect {
    return viewport(this.camera, this.size, margin);
  }

  /** Return what is at a point of the graph. */
  hit(point: Point, isTouch = false): Target {
    const reach = (isTouch ? TOUCH_REACH : REACH) / Math.max(this.camera.zoom, 0.1);
    const hasLinks = this.options.value.links !== 'hidden';
    return hit(this.scene, point, { reach, front: this.editor.selection.value.nodes, hasLinks });
  }

  panBy(dx: number, dy: number): void {
    this.#jump(panned(this.camera, dx, dy));
  }

  /** Zoom by a factor around a point of the screen, the middle if none is given. */
  zoomBy(factor: number, at: Point = [this.size[0] / 2, this.size[1] / 2]): void {
    this.#jump(zoomed(this.camera, factor, at));
  }

  zoomTo(zoom: number): void {
    this.zoomBy(zoom / this.camera.zoom);
  }

  /** Show all, or some nodes, as large as they fit. */
  fit(ids?: Iterable<NodeId>): void {
    const rect = this.scene.boundsOf(ids);
    if (rect !== undefined) this.#glideTo(fitted(rect, this.size));
  }

  /** Bring a node to the middle and select it. */
  goTo(id: NodeId): void {
    const placed = this.scene.nodes.get(id);
    if (placed === undefined) return;
    this.editor.select([id]);
    this.#glideTo(centred(placed.bounds, this.size, Math.max(this.camera.zoom, 0.8)));
  }

  /** Move a rectangle's middle to the window's, keeping the zoom. */
  centre(rect: Rect): void {
    this.#jump(centred(rect, this.size, this.camera.zoom));
  }

  /** Move as little as it takes to see a rectangle. */
  reveal(rect: Rect, margin = 40): void {
    const [left, top] = this.graphToScreen([rect.x, rect.y]);
    const [right, bottom] = this.graphToScreen([rect.x + rect.width, rect.y + rect.height]);
    const dx = way(left, right, this.size[0], margin);
    const dy = way(top, bottom, this.size[1], margin);
    if (dx !== 0 || dy !== 0) this.#glideTo(panned(this.camera, dx, dy));
  }

  /** The surface got another size: what was in the middle stays there. */
  resize(size: Size): void {
    if (size[0] === this.size[0] && size[1] === this.size[1]) return;
    this.size = size;
    this.sized.update((count) => count + 1);
    this.invalidate();
  }

  #jump(camera: Camera): void {
    this.#stopGliding();
    this.editor.camera.set(camera);
  }

  #stopGliding(): void {
    if (this.#glide !== 0) cancelAnimationFrame(this.#glide);
    this.#glide = 0;
  }

  #glideTo(to: Camera): void {
    this.#stopGliding();
    const from = this.camera;
    if (this.options.value.isCalm) return this.#jump(to);
    const start = performance.now();
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, now - start) / GLIDE_MS);
      this.editor.camera.set(t === 1 ? to : between(from, to, 1 - (1 - t) ** 3));
      if (t < 1) this.#glide = requestAnimationFrame(step);
    };
    this.#glide = requestAnimationFrame(step);
  }

  #follow(): void {
    this.scene.style = this.options.value.links;
    this.invalidate();
  }

  #sync(): void {
    const workflow = this.#preview ?? this.editor.workflow;
    const { path } = this.editor;
    this.#watchPath(path);
    const specs = this.editor.specs.value;
    if (specs !== this.#specsFor[0] || workflow.subgraphs !== this.#specsFor[1]) {
      this.#specsFor = [specs, workflow.subgraphs];
      this.#specOf = specsOf(workflow, specs, (node) => this.#decided(node));
    }
    this.scene.show(graphAt(workflow, path), this.#specOf, this.#portsOf(workflow, path), this.extras.value);
    this.changes.set(this.scene.version);
    this.invalidate();
  }

  /** While a change is not decided, nodes keep the inputs that they have. */
  #decided(node: GraphNode): GraphNode {
    return this.#preview === null ? node : (this.editor.graph.nodes.get(node.id) ?? node);
  }

  #portsOf(workflow: Workflow, path: Path): readonly GraphNode[] {
    const id = subgraphIdAt(workflow, path);
    const subgraph = id === null ? undefined : workflow.subgraphs.get(id);
    if (subgraph !== this.#portsFor)
      this.#ports =
        subgraph === undefined ? [] : portNodes(subgraph, this.say('view.inputs'), this.say('view.outputs'));
    this.#portsFor = subgraph;
    return this.#ports;
  }

  /** Each level keeps where the user looked in it. */
  #watchPath(path: Path): void {
    if (path.join('/') === this.#path.join('/')) return;
    this.#cameras.set(this.#path.join('/'), this.camera);
    this.#path = path;
    this.focus.set(null);
    const kept = this.#cameras.get(path.join('/'));
    if (kept !== undefined) this.#jump(kept);
    else queueMicrotask(() => this.#fitNow());
  }

  #fitNow(): void {
    const rect = this.scene.boundsOf();
    if (rect !== undefined) this.#jump(fitted(rect, this.size));
  }
}

/** Specs of instances of subgraphs and of nodes where inputs open others are made; each is kept as long as its node stays the same. */
function specsOf(workflow: Workflow, specs: Specs, decided: (node: GraphNode) => GraphNode): SpecOf {
  const made = new WeakMap<GraphNode, NodeSpec | undefined>();
  return (given) => {
    const node = decided(given);
    const type = specs.get(node.type);
    const isMade = workflow.subgraphs.has(node.type) || (type !== undefined && hasOpeners(type));
    if (!isMade) return type;
    if (!made.has(node)) made.set(node, specOf(node, workflow, specs));
    return made.get(node);
  };
}

/** Return how far a span must move to lie in 0..size; its start counts more if it is too long. */
function way(start: number, end: number, size: number, margin: number): number {
  if (start < margin || end - start > size - 2 * margin) return margin - start;
  return Math.min(0, size - margin - end);
}
