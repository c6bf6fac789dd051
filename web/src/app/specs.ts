/** Node types as the server has them now. */

import { nameNewlyKnown } from '../core/formats/named.ts';
import { readSpecs } from '../core/specs-read.ts';
import type { App } from './context.ts';

/** Ask the server for its node types (again). Nodes of types that were unknown until now show their values. */
export async function loadSpecs(app: App): Promise<void> {
  app.extensions.takeSpecs(readSpecs(await app.api.objectInfo()));
  for (const { editor } of app.tabs.all.value) {
    const before = editor.workflow;
    const workflow = nameNewlyKnown(before, app.specs.value);
    if (workflow === before) continue;
    if (editor.saved.value === before) editor.saved.set(workflow);
    editor.history.present.update((step) => ({ ...step, workflow })); // the same document: no step to undo
  }
}
