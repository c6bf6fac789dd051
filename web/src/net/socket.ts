/**
 * Socket: the server's messages, for as long as the window is open. A lost connection is made again after times that
 * grow up to ten seconds, or when somebody hurries it.
 *
 *     const socket = new Socket(socketUrl('', location.href, clientId), { onState, onMessage, onBinary });
 */

import { parseExact } from '../core/exact.ts';
import type { SocketMessage } from '../core/run-messages.ts';

export type Connection = 'connecting' | 'open' | 'lost';

export interface SocketHooks {
  readonly onState: (state: Connection) => void;
  readonly onMessage: (message: SocketMessage) => void;
  readonly onBinary: (data: ArrayBuffer) => void;
}

/** What is needed of a WebSocket. */
export type WebSocketLike = Pick<
  WebSocket,
  'send' | 'close' | 'binaryType' | 'onopen' | 'onmessage' | 'onclose' | 'onerror'
>;

export const FEATURES = { supports_preview_metadata: true } as const;
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 10_000;

export class Socket {
  #socket: WebSocketLike | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #tries = 0;
  #isEnded = false;

  constructor(
    private readonly url: string,
    private readonly hooks: SocketHooks,
    private readonly connect: (url: string) => WebSocketLike,
  ) {
    this.#open();
  }

  /** Try again now, if it is time that is waited for. */
  hurry(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  close(): void {
    this.#isEnded = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#socket?.close();
  }

  #open(): void {
    this.#timer = null;
    const socket = this.connect(this.url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.#tries = 0;
      socket.send(JSON.stringify({ type: 'feature_flags', data: FEATURES })); // must be the first
      this.hooks.onState('open');
    };
    socket.onmessage = (event: MessageEvent) => this.#hear(event.data);
    socket.onclose = () => this.#lose(socket);
    socket.onerror = () => {}; // onclose follows
    this.#socket = socket;
  }

  #hear(data: unknown): void {
    if (data instanceof ArrayBuffer) return this.hooks.onBinary(data);
    if (typeof data !== 'string') return;
    const message = parsed(data);
    if (message !== null) this.hooks.onMessage(message);
  }

  #lose(socket: WebSocketLike): void {
    if (socket !== this.#socket || this.#isEnded) return;
    this.#socket = null;
    this.hooks.onState('lost');
    const wait = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#open(), wait);
  }
}

/** Return the socket's address for the page that asks. */
export function socketUrl(base: string, page: string, clientId: string): string {
  const url = new URL(`${base}api/ws`, page);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ clientId }).toString();
  url.hash = '';
  return url.href;
}

function parsed(text: string): SocketMessage | null {
  try {
    const message = parseExact(text) as SocketMessage;
    return typeof message?.type === 'string' ? message : null;
  } catch {
    return null; // some packs send what is no JSON
  }
}
