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

/** Whether a pack brings nothing because something is wrong with it. */
export function hasFailed({ state, nodes, problems }: PackReport): boolean {
  return state === 'failed' || (state === 'partly' && nodes.length === 0 && problems.length > 0);
}

/** Return why a pack does not bring a type, as a sentence about a node of it or about the type; null while it is loaded. */
export function packProblem({ texts }: App, pack: PackReport, about: 'node' | 'type'): string | null {
  const [problem] = pack.problems;
  const how =
    pack.state === 'loading'
      ? null
      : pack.state === 'disabled'
        ? 'off'
        : problem === undefined
          ? 'lacks'
          : 'wrong';
  if (how === null) return null;
  return texts.t(`packs.${about}.${how}`, { pack: pack.name, message: problem?.message ?? '' });
}
