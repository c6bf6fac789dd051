/** Node types: read at the start, and again when the server may have others. Open workflows follow. */

import { renewNodes } from '../core/edits/renew.ts';
import { readSpecs } from '../core/specs-read.ts';
import type { App } from './context.ts';
import { messageOf } from './documents.ts';

/** Ask the server for its node types (again). */
export async function loadSpecs(app: App): Promise<void> {
  const before = app.specs.value;
  const now = readSpecs(await app.api.objectInfo());
  app.specs.set(now);
  for (const { editor } of app.tabs.all.value)
    editor.rewrite((workflow) => renewNodes(workflow, before, now));
}

/** Read them again when the server says that they changed, and when it was away. Returns what ends that. */
export function followNodeTypes(app: App): () => void {
  const { runs } = app;
  let wasAway = false;
  const again = (): void => {
    wasAway = false;
    loadSpecs(app).catch((error: unknown) => app.dialogs.tell(messageOf(error), 'error'));
  };
  const ends = [
    runs.listen('node_types_changed', again),
    runs.connection.watch((state) => {
      if (state === 'lost') wasAway = true;
      else if (state === 'open' && wasAway) again();
    }),
  ];
  return () => ends.forEach((end) => end());
}
