import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/graph.ts';
import { nameNewlyKnown } from '../../../src/core/formats/named.ts';
import { readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import { readSpecs } from '../../../src/core/specs-read.ts';

const RATE = {
  Rate: {
    input: { required: { curve: ['CURVE', { widgetType: 'CURVE' }], stars: ['INT', {}] } },
    output: [],
  },
};
const DOCUMENT: JsonObject = {
  last_node_id: 1,
  last_link_id: 0,
  nodes: [{ id: 1, type: 'Rate', pos: [0, 0], size: [200, 80], widgets_values: [[[0, 1]], 4] }],
  links: [],
  groups: [],
  version: 0.4,
};

test('values of a type that becomes known have names, and the document stays as it was', () => {
  const before = readDocument(DOCUMENT, new Map());
  const specs = readSpecs(RATE);
  const after = nameNewlyKnown(before, specs);
  expect(after.root.nodes.get('1')?.widgets).toEqual({ curve: [[0, 1]], stars: 4 });
  expect(toDocument(after, specs)).toEqual(DOCUMENT);
  expect(nameNewlyKnown(after, specs)).toBe(after);
});

test('an API document too', () => {
  const before = readDocument(
    { 1: { class_type: 'Rate', inputs: { curve: [[0, 1]], stars: 4 } } },
    new Map(),
  );
  const node = nameNewlyKnown(before, readSpecs(RATE)).root.nodes.get('1');
  expect(node?.widgets).toEqual({ curve: [[0, 1]], stars: 4 });
});
