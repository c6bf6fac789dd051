/**
 * Residents: the nodes that have elements now. Those in sight come in, a few in a frame, so that no frame is long;
 * until then the canvas draws them. Those that went out of sight stay a while: they are often wanted again.
 * While the camera moves fast none come or go: making an element takes as long as drawing ten nodes on the canvas.
 */

import type { NodeId } from '../core/graph.ts';
import type { PlacedNode } from '../core/scene.ts';
import { Store } from '../core/store.ts';
import type { Pace } from './pace.ts';
import type { View } from './view.ts';

const NEAR = 160; // pixels around the window in which nodes get elements
const FAR = 500; // and beyond which they lose them at once
const MOST_KEPT = 120; // elements; beyond them those far away go
const MOST_AT_ONCE = 24;
const SLOW_MS = 300; // between additions while the camera moves slowly
const MOST_SLOW = 4;
const GOOD_MS = 4; // what adding elements may take of a frame

export class Residents {
  /** In the order in which they cover each other. */
  readonly list = new Store<readonly PlacedNode[]>([]);
  readonly #ids = new Set<NodeId>();
  #atOnce = 4;
  #version = -1;
  #last = 0;

  constructor(private readonly view: View) {}

  has(id: NodeId): boolean {
    return this.#ids.has(id);
  }

  /**
   * Bring the list nearer to what is in sight; true if there is more to do. While the camera moves slowly, elements
   * come in seldom and some at once: each time the browser lays the page out anew.
   */
  update(pace: Pace): boolean {
    const now = performance.now();
    const isFast = pace === 'fast' || pace === 'zoom';
    const isWaiting = isFast || (pace === 'slow' && now - this.#last < SLOW_MS);
    const atOnce = pace === 'rest' ? this.#atOnce : MOST_SLOW;
    const before = this.#ids.size;
    this.#dropGone();
    const isLess = (!isWaiting && this.#dropFar(atOnce * 2)) || this.#ids.size < before;
    const missing = isWaiting ? [] : this.#missing();
    const added = missing.slice(0, atOnce);
    for (const id of added) this.#ids.add(id);
    if (isLess || added.length > 0) this.#last = now;
    if (isLess || added.length > 0 || this.#version !== this.view.scene.version) this.#publish();
    return isLess || missing.length > added.length;
  }

  /** Say how long the elements that were added last took; the next frame adds more or fewer. */
  tookMs(spent: number): void {
    if (spent > GOOD_MS * 2) this.#atOnce = Math.max(1, this.#atOnce >> 1);
    else if (spent < GOOD_MS) this.#atOnce = Math.min(MOST_AT_ONCE, this.#atOnce + 1);
  }

  #missing(): NodeId[] {
    if (this.view.isFar) return [];
    const { scene } = this.view;
    return scene
      .nodesIn(this.view.visible(NEAR))
      .filter((id) => !this.#ids.has(id) && scene.graph.nodes.has(id));
  }

  #dropGone(): void {
    const { scene } = this.view;
    for (const id of this.#ids) if (!scene.graph.nodes.has(id)) this.#ids.delete(id);
  }

  /** Take away some nodes that are far from the window, if there are too many; true if any were. */
  #dropFar(most: number): boolean {
    if (this.#ids.size <= MOST_KEPT || this.view.isFar) return false;
    const near = new Set(this.view.scene.nodesIn(this.view.visible(FAR)));
    let left = most;
    for (const id of this.#ids) {
      if (left === 0) break;
      if (!near.has(id)) left -= Number(this.#ids.delete(id));
    }
    return left < most;
  }

  #publish(): void {
    const { scene } = this.view;
    this.#version = scene.version;
    const placed = [...this.#ids].map((id) => scene.nodes.get(id)).filter((node) => node !== undefined);
    placed.sort((a, b) => scene.rank(a.node.id) - scene.rank(b.node.id));
    const before = this.list.value;
    const isSame = placed.length === before.length && placed.every((node, index) => node === before[index]);
    if (!isSame) this.list.set(placed);
  }
}
