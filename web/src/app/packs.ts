/** Packs: the server's node packs, as it tells of them. */

import { Store } from '../core/store.ts';
import { ApiError, type Api, type PackReport } from '../net/api.ts';
import type { App } from './context.ts';
import { messageOf } from './documents.ts';

export class Packs {
  readonly all = new Store<readonly PackReport[]>([]);
  /** Why they are not known; null: they are. */
  readonly problem = new Store<string | null>(null);
  #asked = 0;

  constructor(private readonly api: Pick<Api, 'packs'>) {}

  /** Ask the server again. */
  async refresh(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const found = await this.api.packs();
      if (asked !== this.#asked) return; // a later answer counts
      this.all.set(found);
      this.problem.set(null);
    } catch (error) {
      const isUnknown = error instanceof ApiError && error.status === 404; // a server without packs
      if (asked === this.#asked) this.problem.set(isUnknown ? null : messageOf(error));
    }
  }
}

/** Return why a pack's node types are missing, as a sentence about one of its nodes or types. */
export function packProblem({ texts }: App, pack: PackReport, about: 'node' | 'type'): string {
  const isOff = pack.state === 'disabled';
  const message = pack.problems[0]?.message ?? texts.t(`packs.state.${pack.state}`);
  const keys = {
    node: isOff ? 'packs.byOff' : 'packs.byFailed',
    type: isOff ? 'packs.bringOff' : 'packs.bring',
  };
  return texts.t(keys[about], { pack: pack.name, message });
}
