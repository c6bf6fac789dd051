/** The files that jobs made, as one list for the gallery. */

import type { NodeKey } from '../core/run-messages.ts';
import { readOutput, type FileKind, type OutputFile } from '../core/run-outputs.ts';
import type { Job } from '../net/api.ts';

export interface Made {
  /** Unique in the gallery. */
  readonly id: string;
  readonly job: Job;
  readonly node: NodeKey;
  readonly file: OutputFile;
}

export interface Filter {
  readonly kind: FileKind | 'all';
  /** Only what jobs of this workflow made; null: of all. */
  readonly workflow: string | null;
}

/** Return what jobs made, the newest job first; what is only a preview, in the temp folder, last of a job. */
export function madeBy(jobs: readonly Job[]): readonly Made[] {
  return jobs.flatMap((job) => {
    const made = Object.entries(job.outputs ?? {}).flatMap(([node, ui]) =>
      readOutput(ui, job.id).files.map((file, at) => ({ id: `${job.id}/${node}/${at}`, job, node, file })),
    );
    return made.sort((one, other) => Number(one.file.type === 'temp') - Number(other.file.type === 'temp'));
  });
}

export function filtered(all: readonly Made[], { kind, workflow }: Filter): readonly Made[] {
  return all.filter(({ job, file }) => {
    if (kind !== 'all' && file.kind !== kind) return false;
    return workflow === null || job.workflow_id === workflow;
  });
}
