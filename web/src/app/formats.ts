/** Workflows as files: one place that knows which reader and writer the editor uses. */

import { EMPTY_WORKFLOW, type JsonObject, type Workflow } from '../core/graph.ts';
import type { Specs } from '../core/specs.ts';

/** Read a document: ComfyUI's editor format or its API format. Raises an Error with a sentence. */
export function readDocument(document: JsonObject, _specs: Specs): Workflow {
  return { ...EMPTY_WORKFLOW, raw: document };
}

export function writeDocument(workflow: Workflow, _specs: Specs): JsonObject {
  return { ...workflow.raw, nodes: [] };
}
