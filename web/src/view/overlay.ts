/** What tools draw over the graph while they work. Plain data: tools set it, the painter reads it once a frame. */

import type { NodeId, Point, Rect } from '../core/graph.ts';
import type { Guide } from '../core/guides.ts';
import type { SocketRef } from './options.ts';

/** Links that are being drawn. */
export interface LooseLink {
  readonly from: Point;
  readonly to: Point;
  readonly type: string;
}

export interface Overlay {
  readonly box: Rect | null;
  readonly guides: readonly Guide[];
  readonly links: readonly LooseLink[];
  /** While a link is drawn: the sockets that it may go to; all others are dimmed. */
  readonly lit: ((socket: SocketRef) => boolean) | null;
  /** The one where it would go now. */
  readonly chosen: SocketRef | null;
  /** A node or link that a drop would act on. */
  readonly target: { readonly node: NodeId } | { readonly link: string } | null;
}

export const NO_OVERLAY: Overlay = {
  box: null,
  guides: [],
  links: [],
  lit: null,
  chosen: null,
  target: null,
};
