/** Placeholder until what follows runs lands. */
import type { Api } from './api.ts';

export class Runs {
  constructor(readonly api: Api) {}
}
