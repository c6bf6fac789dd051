/** What a user may choose about the canvas, and what the canvas tells the rest of the editor. */

import type { LinkStyle } from '../core/curves.ts';
import type { End, LinkId, NodeId, Point } from '../core/graph.ts';
import type { Target } from '../core/hit.ts';

export interface ViewOptions {
  readonly links: LinkStyle;
  readonly hasGrid: boolean;
  readonly isSnapping: boolean;
  /** What a turn of the wheel does without keys. */
  readonly wheel: 'zoom' | 'pan';
  /** What dragging the empty ground with the left button does; the other one is done with Ctrl. */
  readonly drag: 'select' | 'pan';
  readonly isCalm: boolean; // prefers-reduced-motion
}

export const STANDARD_OPTIONS: ViewOptions = {
  links: 'curve',
  hasGrid: true,
  isSnapping: false,
  wheel: 'zoom',
  drag: 'select',
  isCalm: false,
};

/** A place, in the graph and in the window (as menus want it). */
export interface Spot {
  readonly graph: Point;
  readonly client: Point;
}

/** What a link that is being drawn hangs on. */
export interface LinkStart {
  /** The side that is known; the other one is sought. */
  readonly side: 'output' | 'input';
  readonly ends: readonly End[];
  readonly type: string;
  /** A link that it takes the place of. */
  readonly replaces: LinkId | null;
}

export interface CanvasEvents {
  /** The user wants to add a node here. */
  readonly onPalette?: (spot: Spot) => void;
  /** A link was dropped on the empty ground: offer what fits. */
  readonly onDropLink?: (from: LinkStart, spot: Spot) => void;
  /** A link cannot be made; the key of the sentence that says why, and what it names. */
  readonly onRefuse?: (reason: string, values?: { readonly [name: string]: string }) => void;
  readonly onMenu?: (target: Target, spot: Spot) => void;
  /** A title was double-clicked. */
  readonly onRename?: (target: Target, spot: Spot) => void;
  /** Something dropped from outside: files, node types from lists. */
  readonly onDrop?: (data: DataTransfer, target: Target, spot: Spot) => void;
}

export type SocketRef = { readonly side: 'input' | 'output' } & End;

export interface Focus {
  readonly node: NodeId;
  readonly socket: SocketRef | null;
}
