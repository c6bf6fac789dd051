/** Workflows as files: one place that knows which readers and writers the editor uses. */

import type { JsonObject, Workflow } from '../core/graph.ts';
import { toDocument } from '../core/formats/write.ts';
import type { Specs } from '../core/specs.ts';
import type { Api } from '../net/api.ts';

export { readDocument } from '../core/formats/read.ts';
export { toDocument as writeDocument } from '../core/formats/write.ts';

/** Return the document that POST /prompt takes. */
export function apiDocument(api: Api, workflow: Workflow, specs: Specs): Promise<JsonObject> {
  return api.http.send('POST', 'v1/workflows/api', { workflow: toDocument(workflow, specs) });
}
