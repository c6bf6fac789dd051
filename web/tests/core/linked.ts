/** A small workflow with links, for tests of what is shown. */

import { connect } from '../../src/core/edits/links.ts';
import type { Workflow } from '../../src/core/graph.ts';
import { DECODE, EMPTY_LATENT, ENCODE, LOADER, SAMPLER, SAVE, withNodes } from './edits/examples.ts';

/** Loader 1, Encode 2 and 3, EmptyLatent 4, Sampler 5, Decode 6, Save 7, in a row 300 apart. */
export function textToImage(): Workflow {
  const links = [
    [1, 1, 2, 0],
    [1, 1, 3, 0],
    [1, 0, 5, 0],
    [2, 0, 5, 1],
    [3, 0, 5, 2],
    [4, 0, 5, 3],
    [5, 0, 6, 0],
    [1, 2, 6, 1],
    [6, 0, 7, 0],
  ] as const;
  const nodes = withNodes([LOADER, ENCODE, ENCODE, EMPTY_LATENT, SAMPLER, DECODE, SAVE]);
  return links.reduce((before, [from, output, to, input]) => {
    return connect(before, [], { node: String(from), slot: output }, { node: String(to), slot: input });
  }, nodes);
}
