import { expect, test } from 'vitest';
import { rawValue, setRawValue } from '../../src/core/edits/raw-value.ts';
import { readDocument } from '../../src/core/formats/read.ts';
import { toDocument } from '../../src/core/formats/write.ts';
import type { JsonObject } from '../../src/core/graph.ts';
import { primitiveInput } from '../../src/core/primitive.ts';
import { readSpecs } from '../../src/core/specs-read.ts';

const SPECS = readSpecs({
  Sampler: { input: { required: { steps: ['INT', { max: 50 }], cfg: ['FLOAT'] } } },
});
const PLACE = { pos: [0, 0], size: [200, 80] };

function file(links: readonly number[]): JsonObject {
  const slot = { name: 'steps', type: 'INT', widget: { name: 'steps' }, link: links[0] ?? null };
  return {
    last_node_id: 2,
    last_link_id: 1,
    nodes: [
      {
        id: 1,
        type: 'PrimitiveNode',
        ...PLACE,
        outputs: [{ name: 'INT', type: 'INT', links }],
        widgets_values: [7, 'fixed'],
      },
      { id: 2, type: 'Sampler', ...PLACE, inputs: [slot], widgets_values: [20, 8] },
    ],
    links: links.map((id) => [id, 1, 0, 2, 0, 'INT']),
    groups: [],
    version: 0.4,
  };
}

test('a primitive has the widget of what it is linked to, and none without a link', () => {
  const inputOf = (document: JsonObject) => {
    const workflow = readDocument(document, SPECS);
    return primitiveInput(workflow.root.nodes.get('1')!, workflow.root, workflow, SPECS);
  };
  expect(inputOf(file([1]))).toMatchObject({ name: 'steps', widget: { kind: 'int', max: 50 } });
  expect(inputOf(file([]))).toBeUndefined();
});

test('its value is changed where it stands in the file, and the word behind it stays', () => {
  const before = readDocument(file([1]), SPECS);
  expect(rawValue(before.root.nodes.get('1')!)).toBe(7);
  expect(setRawValue(before, [], '1', 7)).toBe(before);
  const after = toDocument(setRawValue(before, [], '1', 9), SPECS);
  expect(after.nodes).toMatchObject([{ widgets_values: [9, 'fixed'] }, { widgets_values: [20, 8] }]);
});
