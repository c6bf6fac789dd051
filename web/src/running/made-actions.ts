/** What users do with a made file: open its workflow, take its seed or its texts, delete it from the list. */

import type { App } from '../app/context.ts';
import type { MenuItem } from '../app/dialogs.ts';
import { download } from '../app/download.ts';
import type { JsonObject } from '../core/graph.ts';
import { ranValues, recall, type RecallKind } from '../core/recall.ts';
import { jobName, telling } from './job-actions.ts';
import type { Made } from './pictures.ts';

/** Open the workflow that made it in a tab of its own. */
export async function openWorkflow(app: App, { job }: Made): Promise<void> {
  await telling(app, async () => {
    const { prompt, extra_data: extra } = await app.api.jobDocuments(job.id);
    const { workflow } = (extra.extra_pnginfo ?? {}) as { workflow?: JsonObject };
    app.documents.openJson(workflow ?? prompt, jobName(app, job));
  });
}

/** Take the seeds or the texts that it was made with into the workflow that is shown. */
export async function recallFrom(app: App, { job }: Made, kind: RecallKind): Promise<void> {
  const { api, specs, tabs, dialogs, texts } = app;
  await telling(app, async () => {
    const { prompt } = await api.jobDocuments(job.id);
    const { editor } = tabs.current.value;
    const before = editor.workflow;
    editor.do(`gallery.recalled.${kind}`, (workflow) =>
      recall(workflow, ranValues(prompt, specs.value, kind)),
    );
    const isChanged = editor.workflow !== before;
    dialogs.tell(
      texts.t(isChanged ? `gallery.recalled.${kind}` : 'gallery.nothingRecalled'),
      isChanged ? 'success' : 'info',
    );
  });
}

export function madeMenu(app: App, made: Made, onForget: () => Promise<void>): readonly MenuItem[] {
  const { texts } = app;
  return [
    { label: texts.t('gallery.openWorkflow'), icon: 'folder', run: () => openWorkflow(app, made) },
    { label: texts.t('gallery.recall.seed'), run: () => recallFrom(app, made, 'seed') },
    { label: texts.t('gallery.recall.text'), run: () => recallFrom(app, made, 'text') },
    'separator',
    { label: texts.t('common.download'), icon: 'download', run: () => save(app, made) },
    'separator',
    { label: texts.t('gallery.forget'), icon: 'trash', isDanger: true, run: () => telling(app, onForget) },
  ];
}

async function save(app: App, { file }: Made): Promise<void> {
  await telling(app, async () => {
    const answer = await app.api.http.request(app.api.viewUrl(file), {});
    download(await answer.blob(), file.filename);
  });
}
