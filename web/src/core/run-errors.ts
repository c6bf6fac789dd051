/** What the server found wrong with a workflow, as errors by node. */

import type { NodeKey } from './run-messages.ts';
import type { NodeError } from './run-state.ts';

/** As the server sends them (net/api-types.ts NodeErrors). */
export interface FoundProblem {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info?: { readonly input_name?: string; readonly sentence?: string };
}

export type FoundProblems = { readonly [node: NodeKey]: { readonly errors: readonly FoundProblem[] } };

export function readProblems(found: FoundProblems): ReadonlyMap<NodeKey, readonly NodeError[]> {
  return new Map(Object.entries(found).map(([key, { errors }]) => [key, errors.map(readProblem)]));
}

function readProblem({ type, message, details, extra_info: info }: FoundProblem): NodeError {
  return {
    sentence: info?.sentence ?? (details || message),
    kind: type,
    input: info?.input_name ?? null,
    traceback: [],
    inputs: null,
  };
}
