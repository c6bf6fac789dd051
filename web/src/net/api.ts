/** Placeholder until the client of the server lands. */
import type { JsonObject } from '../core/graph.ts';

export class Api {
  constructor(readonly base: string) {}

  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const answer = await fetch(`${this.base}${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }

  settings(): Promise<JsonObject> {
    return this.json('/settings');
  }

  async saveSettings(values: JsonObject): Promise<void> {
    await fetch(`${this.base}/settings`, { method: 'POST', body: JSON.stringify(values) });
  }
}
