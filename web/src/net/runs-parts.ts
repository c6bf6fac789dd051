/** What net/runs.ts takes from the browser; tests give their own. */

import { claimClientId } from './client-id.ts';
import type { Memory } from './job-owners.ts';
import type { WebSocketLike } from './socket.ts';

export interface RunsParts {
  /** The address of the page. */
  readonly page: string;
  readonly clientId: string;
  /** Where it is kept which tab sent which job. */
  readonly memory: Memory | null;
  readonly connect: (url: string) => WebSocketLike;
  readonly now: () => number;
  readonly newId: () => string;
  readonly urls: Pick<typeof URL, 'createObjectURL' | 'revokeObjectURL'>;
  /** Whether nodes of a type are outputs: what a job runs to. */
  readonly isOutput: (type: string) => boolean;
}

/** Return the given parts, completed from the browser. */
export function completed(parts: Partial<RunsParts>): RunsParts {
  return {
    page: parts.page ?? location.href,
    clientId: parts.clientId ?? claimClientId(() => sessionStorage, window, newId),
    memory: parts.memory === undefined ? localMemory() : parts.memory,
    connect: parts.connect ?? ((url) => new WebSocket(url)),
    now: parts.now ?? (() => performance.now()),
    newId: parts.newId ?? newId,
    urls: parts.urls ?? URL,
    isOutput: parts.isOutput ?? (() => true),
  };
}

/** Return a random UUID, also for pages that came over plain HTTP, where crypto.randomUUID is missing. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function localMemory(): Memory | null {
  try {
    return localStorage;
  } catch {
    return null; // forbidden
  }
}
