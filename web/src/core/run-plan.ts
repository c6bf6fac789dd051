/** Which nodes of a flat workflow a job may run: those that its outputs depend on. */

import type { Json, JsonObject } from './graph.ts';
import type { NodeKey } from './run-messages.ts';

/**
 * prompt: an API document, nodes by key with their `inputs`, a link being `[key, slot]`.
 * outputs: where the job runs to; null: to all nodes whose type is an output.
 */
export function planOf(
  prompt: JsonObject,
  outputs: readonly NodeKey[] | null,
  isOutput: (type: string) => boolean,
): readonly NodeKey[] {
  const ends =
    outputs ?? Object.keys(prompt).filter((key) => isOutput(String(partOf(prompt[key]).class_type)));
  const found = new Set<NodeKey>();
  const waiting = ends.filter((key) => key in prompt);
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    for (const value of Object.values(partOf(partOf(prompt[key]).inputs))) {
      const source = sourceOf(value);
      if (source !== null && source in prompt) waiting.push(source);
    }
  }
  return [...found];
}

/** Return the node that a value comes from; null if it is a plain value. */
function sourceOf(value: Json): NodeKey | null {
  const isLink = Array.isArray(value) && value.length === 2 && typeof value[1] === 'number';
  const [source] = isLink ? (value as readonly Json[]) : [];
  return typeof source === 'string' || typeof source === 'number' ? String(source) : null;
}

function partOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
