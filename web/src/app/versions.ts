/**
 * Version history: what a workflow was at each save and, while it is edited, every few minutes. Kept in this browser,
 * the last ones of each document.
 */

import { writeExact } from '../core/exact.ts';
import type { JsonObject } from '../core/graph.ts';
import type { Database } from './database.ts';
import { randomId } from './tabs.ts';

export type Reason = 'saved' | 'edited' | 'restored';

export interface Version {
  readonly id: string;
  /** Which workflow: its file on the server, or the id of its tab. */
  readonly document: string;
  readonly at: number;
  readonly reason: Reason;
  readonly nodes: number;
  readonly content: JsonObject;
}

const MOST = 40;

export class Versions {
  #last = new Map<string, string>();

  constructor(
    private readonly database: () => Promise<Database | null>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Keep what a document is now, if it differs from what was kept last. */
  async keep(document: string, content: JsonObject, reason: Reason): Promise<void> {
    const database = await this.database();
    const text = writeExact(content);
    if (database === null || this.#last.get(document) === text) return;
    this.#last.set(document, text);
    const nodes = Array.isArray(content.nodes) ? content.nodes.length : 0;
    await database.put('versions', {
      id: randomId(),
      document,
      at: this.now(),
      reason,
      nodes,
      content,
    } satisfies Version);
    const all = byTime(await database.versionsOf<Version>(document));
    await database.delete(
      'versions',
      all.slice(MOST).map(({ id }) => id),
    );
  }

  /** Return what a document was, the newest first. */
  async of(document: string): Promise<readonly Version[]> {
    const database = await this.database();
    return database === null ? [] : byTime(await database.versionsOf<Version>(document));
  }
}

function byTime(versions: readonly Version[]): Version[] {
  return [...versions].sort((one, other) => other.at - one.at);
}
