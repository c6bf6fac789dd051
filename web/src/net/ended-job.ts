/** What the server says of a job that is over, as the editor's state of runs takes it. */

import { readOutput } from '../core/run-outputs.ts';
import type { EndedJob } from '../core/run-state.ts';
import type { Job, JobState } from './api.ts';

const PHASES: { readonly [state in JobState]: EndedJob['phase'] | null } = {
  pending: null,
  in_progress: null,
  completed: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Return null for a job that is not over. */
export function endedJob(job: Job): EndedJob | null {
  const phase = PHASES[job.state];
  if (phase === null) return null;
  const { started_ms: started, ended_ms: ended } = job;
  return {
    id: job.id,
    phase,
    outputs: new Map(Object.entries(job.outputs ?? {}).map(([key, ui]) => [key, readOutput(ui, job.id)])),
    failure: job.error === undefined ? null : { prompt_id: job.id, ...job.error },
    seconds: started === undefined || ended === undefined ? null : (ended - started) / 1000,
  };
}

/** What is known of a job that never began and is not there any more. */
export function cancelledJob(id: string): EndedJob {
  return { id, phase: 'cancelled', outputs: new Map(), failure: null, seconds: null };
}
