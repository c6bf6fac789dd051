/** Where boxes that float go: beside a point or below an element, inside the window. */

const EDGE_PX = 6;

/** Put a fixed box with its corner at a point, moved so that it stays in the window. */
export function placeAt(box: HTMLElement, x: number, y: number): void {
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.round(Math.max(EDGE_PX, Math.min(x, innerWidth - width - EDGE_PX)))}px`;
  box.style.top = `${Math.round(Math.max(EDGE_PX, Math.min(y, innerHeight - height - EDGE_PX)))}px`;
}

/** Put a fixed box below an element, as wide at least; above it where there is no room. */
export function placeBelow(box: HTMLElement, anchor: HTMLElement): void {
  const target = anchor.getBoundingClientRect();
  box.style.minWidth = `${target.width}px`;
  const { height } = box.getBoundingClientRect();
  const hasRoom = target.bottom + height + EDGE_PX < innerHeight || target.top < height;
  placeAt(box, target.left, hasRoom ? target.bottom + 2 : target.top - height - 2);
}

/** Put a menu beside the entry that opens it: to the right, or to the left where there is no room. */
export function placeBeside(box: HTMLElement, anchor: HTMLElement): void {
  const target = anchor.getBoundingClientRect();
  const { width } = box.getBoundingClientRect();
  const isRight = target.right + width + EDGE_PX < innerWidth;
  placeAt(box, isRight ? target.right - 2 : target.left - width + 2, target.top - 5);
}
