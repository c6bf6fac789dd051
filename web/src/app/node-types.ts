/** Node types as the server has them now: read at the start, and again when packs change. Open workflows follow. */

import { renewNodes } from '../core/edits/renew.ts';
import { readSpecs } from '../core/specs-read.ts';
import type { App } from './context.ts';

/** Ask the server for its node types (again). */
export async function loadSpecs(app: App): Promise<void> {
  const found = readSpecs(await app.api.objectInfo());
  const before = app.specs.value;
  app.extensions.takeSpecs(found);
  const now = app.specs.value;
  for (const { editor } of app.tabs.all.value)
    editor.rewrite((workflow) => renewNodes(workflow, before, now));
}
