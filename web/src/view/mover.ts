/** Mover: moves an element every frame by its transform, as cheaply as browsers can. */

const AWAY = -1e5; // pixels: out of every window

/**
 * While an animation of its transform is active, if only of nothing to nothing, browsers move an element without asking
 * again which elements lie over each other, and scale its picture instead of drawing it anew. At rest the animation
 * ends, so that texts are drawn sharp.
 */
export class Mover {
  #animation: Animation | null = null;

  constructor(private readonly element: HTMLElement) {}

  /** Move; true if it was elsewhere. */
  to(x: number, y: number, scale: number): boolean {
    const transform = `translate(${x}px, ${y}px) scale(${scale})`;
    if (this.element.style.transform === transform) return false;
    this.#animation ??= this.#animate();
    this.element.style.transform = transform;
    return true;
  }

  /** Move out of sight: much cheaper than to hide it, which is a change of all that is inside. */
  away(): void {
    this.to(AWAY, AWAY, 1);
  }

  rest(): void {
    this.#animation?.cancel();
    this.#animation = null;
    this.element.style.willChange = 'auto';
  }

  #animate(): Animation {
    const animation = this.element.animate(
      { transform: ['none', 'none'], composite: 'add' },
      { duration: 1000, fill: 'both' },
    );
    animation.pause();
    this.element.style.willChange = 'transform'; // and its picture is scaled, not drawn anew
    return animation;
  }
}
