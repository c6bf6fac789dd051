/**
 * What the server tells of runs, in ComfyUI's messages, as the type that the editor relies on. Node keys are the ids of
 * the flat workflow: `12:5` is node 5 inside the subgraph node 12.
 */

import type { Json, JsonObject } from './graph.ts';

/** The id of a node in the flat workflow that runs. */
export type NodeKey = string;

export interface ProgressEntry {
  readonly value: number;
  readonly max: number;
  readonly state: 'pending' | 'running' | 'finished' | 'error';
  /** Where it is shown: nodes that come from an expansion are in no workflow. */
  readonly display_node_id?: NodeKey;
}

export interface RunFailure {
  readonly prompt_id: string;
  readonly node_id?: NodeKey;
  readonly node_type?: string;
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly traceback?: readonly string[];
  readonly current_inputs?: Json;
}

type At = { readonly prompt_id: string };

export type RunMessage =
  | { readonly type: 'execution_start'; readonly data: At }
  | { readonly type: 'execution_cached'; readonly data: At & { readonly nodes: readonly NodeKey[] } }
  | {
      readonly type: 'executing';
      readonly data: At & { readonly node: NodeKey | null; readonly display_node?: NodeKey };
    }
  | {
      readonly type: 'progress';
      readonly data: At & { readonly node: NodeKey; readonly value: number; readonly max: number };
    }
  | {
      readonly type: 'progress_state';
      readonly data: At & { readonly nodes: { readonly [node: NodeKey]: ProgressEntry } };
    }
  | {
      readonly type: 'executed';
      readonly data: At & {
        readonly node: NodeKey;
        readonly display_node?: NodeKey;
        readonly output: JsonObject | null;
      };
    }
  | { readonly type: 'execution_success'; readonly data: At }
  | { readonly type: 'execution_error'; readonly data: RunFailure }
  | { readonly type: 'execution_interrupted'; readonly data: At };

/** Any message of the socket. */
export interface SocketMessage {
  readonly type: string;
  readonly data: JsonObject;
}

const RUN_TYPES: ReadonlySet<string> = new Set([
  'execution_start',
  'execution_cached',
  'executing',
  'progress',
  'progress_state',
  'executed',
  'execution_success',
  'execution_error',
  'execution_interrupted',
] satisfies RunMessage['type'][]);

/** Return a message as one of a run; null if it is another. */
export function asRunMessage(message: SocketMessage): RunMessage | null {
  if (!RUN_TYPES.has(message.type) || typeof message.data?.prompt_id !== 'string') return null;
  return message as unknown as RunMessage;
}
