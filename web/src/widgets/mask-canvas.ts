/**
 * A mask that is painted: its alpha says how much of each pixel is masked. Steps can be taken back.
 *
 *     const mask = new MaskCanvas(canvas);
 *     mask.begin();
 *     mask.stroke([10, 10], [40, 10], { size: 20, isEraser: false });
 *     mask.undo();
 */

import type { Point } from '../core/graph.ts';

export interface Brush {
  /** Its diameter, in pixels of the picture. */
  readonly size: number;
  readonly isEraser: boolean;
}

const COLOUR = '#ff3d6e';
const MOST_BYTES = 256e6; // of what undo keeps
const MOST_STEPS = 50;

export class MaskCanvas {
  readonly #context: CanvasRenderingContext2D;
  readonly #past: HTMLCanvasElement[] = [];
  readonly #mostSteps: number;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#context = contextOf(canvas);
    const nbytes = canvas.width * canvas.height * 4;
    this.#mostSteps = Math.max(1, Math.min(MOST_STEPS, Math.floor(MOST_BYTES / nbytes)));
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  /** Mask what is transparent in a picture. */
  read(picture: CanvasImageSource): void {
    const { width, height } = this.canvas;
    this.#cover('copy');
    this.#context.globalCompositeOperation = 'destination-out';
    this.#context.drawImage(picture, 0, 0, width, height);
  }

  /** Begin a step. */
  begin(): void {
    this.#past.push(copyOf(this.canvas));
    if (this.#past.length > this.#mostSteps) this.#past.shift();
  }

  stroke([x, y]: Point, [toX, toY]: Point, { size, isEraser }: Brush): void {
    const context = this.#context;
    context.globalCompositeOperation = isEraser ? 'destination-out' : 'source-over';
    context.strokeStyle = COLOUR;
    context.lineWidth = size;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX + 0.001, toY); // a line without length draws nothing
    context.stroke();
  }

  fill(): void {
    this.begin();
    this.#cover('copy');
  }

  clear(): void {
    this.begin();
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  invert(): void {
    this.begin();
    this.#cover('source-out');
  }

  undo(): void {
    const before = this.#past.pop();
    if (before === undefined) return;
    this.#context.globalCompositeOperation = 'copy';
    this.#context.drawImage(before, 0, 0);
  }

  /** Return the picture that the server takes: transparent where it is masked. */
  async toBlob(): Promise<Blob> {
    const whole = copyOf(this.canvas);
    const context = contextOf(whole);
    context.globalCompositeOperation = 'source-out';
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, whole.width, whole.height);
    return new Promise((resolve, reject) => {
      whole.toBlob(
        (blob) => (blob === null ? reject(new Error('This browser makes no PNG.')) : resolve(blob)),
        'image/png',
      );
    });
  }

  #cover(operation: GlobalCompositeOperation): void {
    this.#context.globalCompositeOperation = operation;
    this.#context.fillStyle = COLOUR;
    this.#context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }
}

function copyOf(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  contextOf(copy).drawImage(canvas, 0, 0);
  return copy;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser gives no 2D canvas.');
  return context;
}
