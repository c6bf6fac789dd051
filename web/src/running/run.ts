/** Running the workflow that is shown: seeds, batch, and what is said if the server does not take it. */

import type { App } from '../app/context.ts';
import { BATCH, SEEDS, SHOW_ERRORS } from '../app/settings/run.ts';
import type { Tab } from '../app/tabs.ts';
import { toDocument } from '../core/formats/write.ts';
import type { NodeKey } from '../core/run-messages.ts';
import { targetsOf } from '../core/run-targets.ts';
import { withNextSeeds } from '../core/seed-control.ts';
import { ApiError } from '../net/api.ts';

/** The name of the edit that changes seeds; also its key. */
export const SEEDS_STEP = 'run.seeds';
const LONGEST_LABEL = 200; // the server's limit

export interface RunOptions {
  readonly outputs?: readonly NodeKey[];
  readonly isFirst?: boolean;
  /** How many jobs; what the user chose for all runs if left out. */
  readonly count?: number;
  /** Whether nobody pressed a button for it: errors are shown at the nodes only. */
  readonly isQuiet?: boolean;
}

/** Queue a tab's workflow, once or several times. Returns whether the server has it, or will have. */
export async function run(app: App, tab: Tab, options: RunOptions = {}): Promise<boolean> {
  const { count = app.settings.of(BATCH).value, isQuiet = false, ...request } = options;
  const isBefore = app.settings.of(SEEDS).value === 'before';
  try {
    for (let left = count; left > 0; left -= 1) {
      if (isBefore) stepSeeds(app, tab);
      const document = toDocument(tab.editor.workflow, app.specs.value);
      const job = await app.runs.submit(tab.id, { document, labels: labelsOf(tab), ...request });
      if (!isBefore) stepSeeds(app, tab);
      if (job === null && !isQuiet) tellUnsent(app);
    }
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!isQuiet) tellRefused(app, tab, error);
    return false;
  }
}

/** Run to the nodes that are selected. */
export async function runSelected(app: App, tab: Tab): Promise<boolean> {
  const outputs = selectedTargets(app, tab);
  return outputs.length > 0 && run(app, tab, { outputs, count: 1 });
}

export function selectedTargets(app: App, { editor }: Tab): readonly NodeKey[] {
  return targetsOf(editor.workflow, app.specs.value, editor.path, editor.selection.value.nodes);
}

/** Give seeds their next values: one step of undo for all of a batch. */
function stepSeeds(app: App, { editor }: Tab): void {
  editor.do(SEEDS_STEP, (workflow) => withNextSeeds(workflow, app.specs.value, Math.random), SEEDS_STEP);
}

/** Return what the job is called in lists, also of other windows. */
function labelsOf({ name }: Tab): readonly string[] {
  const label = name.value.trim().slice(0, LONGEST_LABEL);
  return label === '' ? [] : [label];
}

function tellUnsent({ dialogs, texts }: App): void {
  dialogs.tell(texts.t('run.unsent'), 'warning');
}

function tellRefused({ dialogs, texts, settings }: App, tab: Tab, error: ApiError): void {
  const count = Object.keys(error.nodeErrors).length;
  const text = count > 0 ? texts.t('run.refused', { name: tab.name.value, count }) : error.message;
  const show = (): void => dialogs.panel.set('errors');
  if (count > 0 && settings.of(SHOW_ERRORS).value) show();
  dialogs.tell(text, 'error', { label: texts.t('common.show'), run: show });
}
