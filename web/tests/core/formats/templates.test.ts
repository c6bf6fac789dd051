/**
 * Official templates. `WEFT_VALUES` names a file with node types and the values that our Python reader finds in the
 * templates (tests/web/test_formats.py writes it); without it only what needs no node types is checked.
 */

import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import type { GraphNode, Json, JsonObject, Workflow } from '../../../src/core/graph.ts';
import { graphAt } from '../../../src/core/graph.ts';
import { setWidget } from '../../../src/core/edits/widgets.ts';
import { readSpecs } from '../../../src/core/specs-read.ts';
import type { Specs } from '../../../src/core/specs.ts';
import { plainOf } from './plain.ts';
import { readTemplates, templatesFolder } from './templates.ts';

interface Expected {
  readonly object_info: JsonObject;
  /** By template, `subgraph/node` ('' is the whole) and widget. */
  readonly values: { readonly [template: string]: { readonly [node: string]: JsonObject } };
}

const folder = templatesFolder();
if (folder === null)
  console.warn('comfyui-workflow-templates-json is not installed: its templates are not tested.');
const templates = folder === null ? new Map<string, JsonObject>() : readTemplates(folder);
const given = env.WEFT_VALUES;
const expected = given ? (JSON.parse(readFileSync(given, 'utf8')) as Expected) : null;
const specs: Specs = readSpecs(expected?.object_info ?? {});

describe.skipIf(folder === null)('official templates', () => {
  test('there are many', () => {
    expect(templates.size).toBeGreaterThan(100);
  });

  test.each([
    ['known', specs],
    ['unknown', new Map() as Specs],
  ])('what is opened and saved is the same document, text for text, with %s node types', (_, known) => {
    for (const [name, document] of templates) {
      const saved = toDocument(readDocument(document, known), known);
      expect(JSON.stringify(saved) === JSON.stringify(document), name).toBe(true);
    }
  });

  test('a changed node leaves all others as they were', () => {
    const names = [...templates.keys()];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.integer(), (name, number, x) => {
        const workflow = readDocument(templates.get(name), specs);
        const nodes = [...workflow.root.nodes.values()];
        const index = number % Math.max(nodes.length, 1);
        const moved = { ...(nodes[index] as GraphNode), pos: [x, 7] as const };
        const root = { ...workflow.root, nodes: new Map(workflow.root.nodes).set(moved.id, moved) };
        const saved = toDocument({ ...workflow, root }, specs);
        const wanted = structuredClone(templates.get(name)) as { nodes: { pos: Json }[] };
        (wanted.nodes[index] as { pos: Json }).pos = [x, 7];
        expect(saved).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

describe.skipIf(expected === null)('values of widgets in official templates', () => {
  test('they have the names that the Python reader gives them', () => {
    for (const [name, nodes] of Object.entries(expected?.values ?? {})) {
      const workflow = readDocument(templates.get(name), specs);
      for (const [place, values] of Object.entries(nodes)) {
        expect(valuesAt(workflow, place), `${name}, node ${place}`).toEqual(values);
      }
    }
  });

  test('a value that was changed is there after saving and opening, and nothing else has changed', () => {
    const nodes = Object.entries(expected?.values ?? {}).flatMap(([name, values]) =>
      Object.entries(values).flatMap(([place, byName]) =>
        Object.keys(byName)
          .filter((widget) => !Object.keys(byName).some((other) => other.startsWith(`${widget}.`))) // opens others
          .map((widget) => [name, place, widget] as const),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...nodes), fc.integer(), ([name, place, widget], value) => {
        const workflow = readDocument(templates.get(name), specs);
        const [level, id] = place.split('/') as [string, string];
        const path = level === '' ? [] : pathTo(workflow, level);
        if (path === null) return;
        const changed = setWidget(workflow, path, id, widget, value);
        expect(graphAt(changed, path).nodes.get(id)?.widgets[widget]).toBe(value);
        const again = readDocument(structuredClone(toDocument(changed, specs)), specs);
        expect(plainOf(again)).toEqual(plainOf(changed));
      }),
      { numRuns: 150 },
    );
  });
});

/** Return a node's values without those of controls. */
function valuesAt(workflow: Workflow, place: string): JsonObject {
  const [level, id] = place.split('/') as [string, string];
  const graph = level === '' ? workflow.root : workflow.subgraphs.get(level)?.graph;
  const values = Object.entries(graph?.nodes.get(id)?.widgets ?? {});
  return Object.fromEntries(values.filter(([key]) => !/control_(after_generate|filter_list)$/.test(key)));
}

/** Return the way to a subgraph that a node of the whole is an instance of; null if none is. */
function pathTo(workflow: Workflow, subgraph: string): string[] | null {
  const host = [...workflow.root.nodes.values()].find(({ type }) => type === subgraph);
  return host === undefined ? null : [host.id];
}
