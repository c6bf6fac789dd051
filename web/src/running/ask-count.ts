/** Asks for another number of jobs than the menu offers. */

import type { App } from '../app/context.ts';
import { BATCH } from '../app/settings/run.ts';

const MOST = 1000;

export async function askCount({ dialogs, settings, texts }: App): Promise<void> {
  const batch = settings.of(BATCH);
  const text = await dialogs.ask({
    title: texts.t('run.otherCountTitle'),
    label: texts.t('run.countLabel'),
    value: String(batch.value),
    check: (value) => (countOf(value) === null ? texts.t('run.badCount', { max: MOST }) : null),
  });
  const count = text === null ? null : countOf(text);
  if (count !== null) batch.set(count);
}

function countOf(text: string): number | null {
  const count = /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;
  return count >= 1 && count <= MOST ? count : null;
}
