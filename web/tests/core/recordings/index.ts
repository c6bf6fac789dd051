/** Recordings of what a real server told (record.py made them). */

import { readFrame } from '../../../src/core/binary-frames.ts';
import { asRunMessage, type SocketMessage } from '../../../src/core/run-messages.ts';
import { after, NO_RUN, type RunAction, type RunState } from '../../../src/core/run-state.ts';

export const NAMES = ['whole', 'cached', 'changed', 'subgraph', 'failed', 'cancelled'] as const;

type Recorded = { readonly at: number } & (SocketMessage | { readonly binary: string });

export interface Recording {
  readonly jobs: readonly string[];
  readonly messages: readonly Recorded[];
  readonly actions: readonly RunAction[];
}

const FILES = import.meta.glob('./*.json', { eager: true, import: 'default' });

export function recording(name: (typeof NAMES)[number]): Recording {
  const read = FILES[`./${name}.json`] as Pick<Recording, 'jobs' | 'messages'>;
  return { ...read, actions: read.messages.flatMap(actionOf) };
}

/** Return the state after some actions. */
export function folded(actions: readonly RunAction[], state: RunState = NO_RUN): RunState {
  return actions.reduce(after, state);
}

/** Return all states on the way. */
export function states(actions: readonly RunAction[]): readonly RunState[] {
  let state = NO_RUN;
  return actions.map((action) => (state = after(state, action)));
}

export function bytesOf(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)).buffer;
}

function actionOf(recorded: Recorded, index: number): readonly RunAction[] {
  if ('binary' in recorded) {
    const frame = readFrame(bytesOf(recorded.binary));
    if (frame?.kind !== 'preview' || frame.job === null || frame.node === null)
      throw new Error('It is no preview.');
    return [{ kind: 'preview', job: frame.job, node: frame.node, url: `blob:${index}` }];
  }
  const message = asRunMessage(recorded);
  return message === null ? [] : [{ kind: 'message', message, at: recorded.at * 1000 }];
}
