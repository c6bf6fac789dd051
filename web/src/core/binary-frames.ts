/** The binary messages of ComfyUI's socket: a kind (32 bits, big-endian), then what the kind wants. */

import type { NodeKey } from './run-messages.ts';

export type Frame =
  | {
      readonly kind: 'preview';
      readonly image: Uint8Array<ArrayBuffer>;
      readonly type: string;
      readonly node: NodeKey | null;
      readonly job: string | null;
    }
  | { readonly kind: 'text'; readonly node: NodeKey; readonly text: string };

const PLAIN_PREVIEW = 1;
const NODE_TEXT = 3;
const DESCRIBED_PREVIEW = 4;
const IMAGE_TYPES: { readonly [code: number]: string } = { 1: 'image/jpeg', 2: 'image/png' };

/** Return what a binary message says; null if it is of a kind that is not known, or broken. */
export function readFrame(buffer: ArrayBuffer): Frame | null {
  if (buffer.byteLength < 8) return null;
  const view = new DataView(buffer);
  const kind = view.getUint32(0);
  const number = view.getUint32(4);
  if (kind === PLAIN_PREVIEW) {
    const type = IMAGE_TYPES[number] ?? 'image/jpeg';
    return { kind: 'preview', image: new Uint8Array(buffer, 8), type, node: null, job: null };
  }
  if (8 + number > buffer.byteLength) return null;
  const text = new TextDecoder().decode(new Uint8Array(buffer, 8, number));
  const rest = new Uint8Array(buffer, 8 + number);
  if (kind === NODE_TEXT) return { kind: 'text', node: text, text: new TextDecoder().decode(rest) };
  return kind === DESCRIBED_PREVIEW ? described(text, rest) : null;
}

interface About {
  readonly node_id?: NodeKey;
  readonly display_node_id?: NodeKey;
  readonly prompt_id?: string;
  readonly image_type?: string;
}

function described(text: string, image: Uint8Array<ArrayBuffer>): Frame | null {
  try {
    const about = JSON.parse(text) as About;
    const node = about.display_node_id ?? about.node_id ?? null;
    return {
      kind: 'preview',
      image,
      type: about.image_type ?? 'image/jpeg',
      node,
      job: about.prompt_id ?? null,
    };
  } catch {
    return null;
  }
}
