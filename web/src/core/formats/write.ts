/** Workflows as documents for files and the server. */

import type { JsonObject, Workflow } from '../graph.ts';
import type { Specs } from '../specs.ts';

export function toDocument(workflow: Workflow, _specs: Specs): JsonObject {
  return workflow.raw;
}
