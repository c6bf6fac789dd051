/**
 * Workflow documents, opened: the editor's form (0.4 and 1.0, with subgraphs) and the API form, told apart by shape.
 *
 *     const workflow = readDocument(parseExact(text), specs);
 *     toDocument(workflow, specs); // the same document: what the editor does not know is kept
 */

import type { JsonObject, Workflow } from '../graph.ts';
import type { Specs } from '../specs.ts';
import { readApi } from './api.ts';
import { countsOf } from './counts.ts';
import { FormatError, isList, isObject, kindOf } from './fields.ts';
import { nameWidgets } from './named.ts';
import { readGraph } from './read-graph.ts';
import { readSubgraphs } from './read-subgraphs.ts';

export { FormatError } from './fields.ts';

const WRAPPERS = ['prompt', 'output', 'workflow'] as const; // what /prompt takes; what ComfyUI's export functions return

/** A document without its wrapping, and its form. */
export interface Found {
  readonly form: 'editor' | 'api';
  readonly document: JsonObject;
}

/** Return the workflow of a parsed document of any form; FormatError names the place that is not well formed. */
export function readDocument(document: unknown, specs: Specs): Workflow {
  const found = unwrap(document);
  return found.form === 'api' ? readApi(found.document, specs) : readEditor(found.document, specs);
}

function readEditor(document: JsonObject, specs: Specs): Workflow {
  const workflow: Workflow = {
    root: readGraph(document, ''),
    subgraphs: readSubgraphs(document),
    ...countsOf(document),
    raw: document,
  };
  return nameWidgets(workflow, specs);
}

/** Return the workflow document inside `{"prompt": …}` and the like, or the document itself; FormatError if it is none. */
export function unwrap(document: unknown): Found {
  if (!isObject(document)) {
    throw new FormatError(`A workflow document is an object; this one is ${kindOf(document)}.`);
  }
  if (isList(document.nodes)) return { form: 'editor', document };
  const values = Object.values(document);
  if (values.length > 0 && values.every(isApiNode)) return { form: 'api', document };
  const inner = WRAPPERS.map((name) => document[name]).find((value) => isObject(value) && !isApiNode(value));
  if (inner !== undefined) return unwrap(inner);
  if (values.some(isApiNode)) return { form: 'api', document };
  throw new FormatError(notAWorkflow(document));
}

function isApiNode(value: unknown): boolean {
  return isObject(value) && 'class_type' in value;
}

function notAWorkflow(document: JsonObject): string {
  const keys = Object.keys(document).slice(0, 6);
  if (keys.length === 0) return 'The document is empty: it has no nodes.';
  const named = keys.map((key) => `"${key}"`).join(', ');
  return (
    `This is not a workflow: it has ${named}, but neither a list of nodes (the editor's format) ` +
    'nor nodes with a "class_type" (the API format).'
  );
}
