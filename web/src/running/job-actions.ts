/** What users do to jobs, with what is said if the server does not want it. */

import type { App } from '../app/context.ts';
import type { MenuItem } from '../app/dialogs.ts';
import type { Job } from '../net/api.ts';

const PRIORITIES = [
  ['high', 10],
  ['usual', 0],
  ['low', -10],
] as const;
const MOST_LABELS = 32;

/** Return what a job is called: its tab, its first label, or a part of its id. */
export function jobName({ runs, tabs }: App, job: Job): string {
  const owner = runs.ownerOf(job.id);
  const tab = tabs.all.value.find(({ id }) => id === owner);
  return tab?.name.value ?? job.labels?.[0] ?? `#${job.id.slice(0, 8)}`;
}

/** Do what asks the server; say what it does not want. */
export async function telling({ dialogs }: App, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    dialogs.tell(error instanceof Error ? error.message : String(error), 'error');
  }
}

/** The menu of a job that waits. */
export function waitingMenu(app: App, job: Job): readonly MenuItem[] {
  const { texts, runs } = app;
  const change = (what: Parameters<typeof runs.change>[1]) => (): Promise<void> =>
    telling(app, () => runs.change(job.id, what));
  return [
    { label: texts.t('queue.next'), icon: 'up', run: change({ place: 0 }) },
    {
      label: texts.t('queue.priority'),
      items: PRIORITIES.map(([name, priority]) => ({
        label: texts.t(`queue.priority.${name}`),
        isChecked: (job.priority ?? 0) === priority,
        run: change({ priority }),
      })),
    },
    { label: texts.t('queue.labels'), icon: 'edit', run: () => askLabels(app, job) },
    'separator',
    {
      label: texts.t('queue.cancel'),
      icon: 'close',
      isDanger: true,
      run: () => telling(app, () => runs.cancel(job.id)),
    },
  ];
}

async function askLabels(app: App, job: Job): Promise<void> {
  const { texts, dialogs, runs } = app;
  const text = await dialogs.ask({
    title: texts.t('queue.labels'),
    label: texts.t('queue.labelsHint'),
    value: (job.labels ?? []).join(', '),
    action: texts.t('common.save'),
    check: (value) =>
      labelsOf(value).length > MOST_LABELS ? texts.t('queue.tooManyLabels', { max: MOST_LABELS }) : null,
  });
  if (text !== null) await telling(app, () => runs.change(job.id, { labels: labelsOf(text) }));
}

function labelsOf(text: string): readonly string[] {
  return [...new Set(text.split(',').map((label) => label.trim().slice(0, 200)))].filter(
    (label) => label !== '',
  );
}
