/** Mover: moves an element every frame by its transform, as cheaply as browsers can. */

const AWAY = -1e5; // pixels: out of every window

/** While it moves, browsers keep the element as a picture and scale that; at rest it is drawn anew, sharp. */
export class Mover {
  constructor(private readonly element: HTMLElement) {}

  to(x: number, y: number, scale: number): void {
    const transform = `translate(${x}px, ${y}px) scale(${scale})`;
    const { style } = this.element;
    if (style.transform === transform) return;
    style.willChange = 'transform';
    style.transform = transform;
  }

  /** Move out of sight: much cheaper than to hide it, which is a change of all that is inside. */
  away(): void {
    this.to(AWAY, AWAY, 1);
  }

  rest(): void {
    this.element.style.willChange = 'auto';
  }
}
