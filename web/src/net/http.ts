/**
 * Http: requests to our server. Paths are relative to the page, so that the editor works below a sub-path too, and
 * cookies go along by themselves.
 *
 *     const http = new Http('');
 *     await http.json<QueueView>('v1/queue');
 *     await http.send('PATCH', 'v1/queue', { paused: true });
 */

import { parseExact, writeExact } from '../core/exact.ts';
import { Store } from '../core/store.ts';
import type { NodeErrors } from './api-types.ts';

/** A request that failed, with the server's sentence. status 0: the server could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    readonly status: number,
    readonly nodeErrors: NodeErrors = {},
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Query = { readonly [name: string]: string | number | boolean | null | undefined };
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What proxies answer in the server's place while it is away. */
const AWAY = new Set([502, 503, 504]);

export class Http {
  readonly base: string;
  /** The server asks for its token: the session is over. */
  readonly isLoggedOut = new Store(false);

  /** base: what comes before `api/…`; '' is the folder of the page. */
  constructor(
    base: string,
    private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init),
  ) {
    this.base = base === '' || base.endsWith('/') ? base : `${base}/`;
  }

  /** Return the address of a path below api/. */
  url(path: string, query: Query = {}): string {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, String(value)]],
    );
    const search = pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
    return `${this.base}api/${path}${search}`;
  }

  /** Get JSON. */
  async json<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const answer = await this.request(this.url(path, query), signal === undefined ? {} : { signal });
    return parseExact(await answer.text()) as T;
  }

  /** Send JSON (or a body that is none) and return the JSON of the answer, if it has one. */
  async send<T = void>(method: Method, path: string, body?: unknown, query: Query = {}): Promise<T> {
    const answer = await this.request(this.url(path, query), { method, ...bodyOf(body) });
    const text = await answer.text();
    return (text === '' ? null : parseExact(text)) as T;
  }

  /** Make a request; ApiError if it fails. An abort stays an AbortError. */
  async request(url: string, init: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.fetch(url, init);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new ApiError('The server cannot be reached.', 0);
    }
    if (answer.status === 401 && answer.headers.has('WWW-Authenticate')) this.isLoggedOut.set(true);
    if (!answer.ok) throw await errorOf(answer);
    return answer;
  }
}

function bodyOf(body: unknown): RequestInit {
  if (body === undefined) return {};
  if (body instanceof Blob || body instanceof FormData) return { body };
  return { body: writeExact(body), headers: { 'Content-Type': 'application/json' } };
}

async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  const body = parsed(text);
  const sentence = sentenceOf(body);
  const isAway = AWAY.has(answer.status) && sentence === null;
  return new ApiError(
    sentence ?? `The server answered ${answer.status} ${answer.statusText}.`,
    isAway ? 0 : answer.status,
    (body?.node_errors as NodeErrors | undefined) ?? {},
  );
}

function parsed(text: string): { readonly [key: string]: unknown } | null {
  try {
    const body = parseExact(text);
    return typeof body === 'object' && body !== null ? (body as { readonly [key: string]: unknown }) : null;
  } catch {
    return null; // a proxy's page
  }
}

/** Ours is `{error: sentence}`, ComfyUI's `{error: {message, details}}`. */
function sentenceOf(body: { readonly [key: string]: unknown } | null): string | null {
  const error = body?.error;
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return null;
  const { details, message } = error as { details?: unknown; message?: unknown };
  return typeof details === 'string' && details !== ''
    ? details
    : typeof message === 'string'
      ? message
      : null;
}
