/** LocalLog: what happened in this window that its user may want to read later; the log panel shows it with the server's. */

import { Store } from '../core/store.ts';
import type { LogEntry } from '../net/api.ts';

const MOST = 500;

export class LocalLog {
  readonly entries = new Store<readonly LogEntry[]>([]);

  constructor(private readonly now: () => Date = () => new Date()) {}

  add(text: string): void {
    const entry = { t: this.now().toISOString(), m: text };
    this.entries.update((all) => [...all, entry].slice(-MOST));
  }
}
