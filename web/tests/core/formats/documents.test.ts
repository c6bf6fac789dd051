import { expect, test } from 'vitest';
import { connect } from '../../../src/core/edits/links.ts';
import { addReroute } from '../../../src/core/edits/reroutes.ts';
import { setMode } from '../../../src/core/edits/flags.ts';
import { setWidget, setWidgets } from '../../../src/core/edits/widgets.ts';
import { FormatError, readDocument } from '../../../src/core/formats/read.ts';
import { toDocument } from '../../../src/core/formats/write.ts';
import { EMPTY_WORKFLOW, type Json, type JsonObject, type Workflow } from '../../../src/core/graph.ts';
import { readSpecs } from '../../../src/core/specs-read.ts';

const SPECS = readSpecs({
  Sample: {
    input: {
      required: {
        model: ['MODEL', {}],
        seed: ['INT', { control_after_generate: true }],
        steps: ['INT', { default: 20 }],
        cfg: ['FLOAT', { default: 8 }],
      },
      optional: { mask: ['MASK', {}], note: ['STRING', {}] },
    },
    output: ['LATENT'],
  },
  Load: { input: { required: { name: [['a', 'b'], {}] } }, output: ['MODEL'] },
  Open: {
    input: {
      required: { image: [['a.png'], { image_upload: true }] },
      optional: { scale: ['FLOAT', { default: 1 }] },
    },
    output: ['IMAGE'],
  },
  Choose: {
    input: {
      required: {
        how: [
          'COMFY_DYNAMICCOMBO_V3',
          {
            options: [
              {
                key: 'size',
                inputs: { required: { width: ['INT', { default: 8 }], height: ['INT', { default: 8 }] } },
              },
              { key: 'factor', inputs: { required: { by: ['FLOAT', { default: 2 }] } } },
            ],
          },
        ],
        last: ['INT', { default: 1 }],
      },
    },
    output: ['IMAGE'],
  },
});

function open(document: unknown): Workflow {
  return readDocument(document, SPECS);
}

function one(node: JsonObject): Workflow {
  return open({ nodes: [{ id: 1, ...node }], links: [], version: 0.4 });
}

function valuesOf(workflow: Workflow): unknown {
  return workflow.root.nodes.get('1')?.widgets;
}

function saved(workflow: Workflow): JsonObject {
  return (toDocument(workflow, SPECS).nodes as readonly JsonObject[])[0] as JsonObject;
}

const UNUSUAL: { readonly [name: string]: JsonObject } = {
  'links in an object': { nodes: [], links: { '3': [3, 1, 0, 2, 0, 'X'] }, version: 0.4 },
  'holes among links': {
    nodes: [
      { id: 1, type: 'A', outputs: [{ name: 'x', type: 'X', links: [3] }] },
      { id: 2, type: 'B', inputs: [{ name: 'x', type: 'X', link: 3 }] },
    ],
    links: [null, [3, 1, 0, 2, 0, 'X', { more: 1 }]],
  },
  'ids that are texts, slots that are texts': {
    nodes: [
      { id: '7', type: 'A' },
      { id: 'x:1', type: 'B' },
    ],
    links: [['4', '7', '0', 'x:1', 0, null]],
  },
  'places as objects, modes of events': {
    nodes: [
      { id: 1, type: 'A', pos: { '0': 1, '1': 2 }, size: { '0': 3, '1': 4 }, mode: 3, flags: { ghost: 1 } },
    ],
    links: [],
  },
  'groups without ids and with the same': {
    nodes: [],
    links: [],
    groups: [
      { title: 'a', bounding: [0, 0, 1, 1] },
      { id: 1, title: 'b' },
      { id: 1, title: 'c', color: '#123' },
    ],
  },
  'reroutes of 0.4': {
    nodes: [{ id: 1, type: 'A' }],
    links: [[1, 1, 0, 1, 0, 'X']],
    extra: {
      ds: { scale: 1 },
      linkExtensions: [{ id: 1, parentId: 2 }],
      reroutes: [{ id: 2, pos: [1, 2], linkIds: [1], floating: { slotType: 'input' } }],
    },
    version: 0.4,
  },
  'a document of 1.0': {
    version: 1,
    state: { lastNodeId: 4, lastLinkId: 3, lastGroupId: 1, lastRerouteId: 2 },
    nodes: [{ id: 4, type: 'A' }],
    links: [{ id: 3, origin_id: 4, origin_slot: 0, target_id: 4, target_slot: 0, type: 'X', parentId: 2 }],
    reroutes: [
      { id: 2, parentId: 1, pos: [1, 2], linkIds: [3] },
      { id: 1, pos: [0, 0], linkIds: [3] },
    ],
    floatingLinks: [],
    models: [{ name: 'x' }],
  },
  'subgraphs inside of subgraphs, with ends of other ids': {
    nodes: [{ id: 1, type: 'outer' }],
    links: [],
    definitions: {
      other: 1,
      subgraphs: [
        {
          id: 'outer',
          name: 'Outer',
          inputNode: { id: -7, bounding: [1, 2, 3, 4] },
          outputNode: { id: -8, bounding: [5, 6, 7, 8] },
          inputs: [{ id: 'a', name: 'x', type: 'X', linkIds: [1], pos: [0, 0] }],
          outputs: [],
          nodes: [{ id: 2, type: 'inner', inputs: [{ name: 'x', type: 'X', link: 1 }] }],
          links: [{ id: 1, origin_id: -7, origin_slot: 0, target_id: 2, target_slot: 0, type: 'X' }],
          definitions: {
            subgraphs: [{ id: 'inner', name: 'Inner', nodes: [], links: [], inputs: [], outputs: [] }],
          },
        },
      ],
    },
  },
  'a subgraph that is defined at two places': {
    nodes: [],
    links: [],
    definitions: {
      subgraphs: [
        { id: 'a', nodes: [], links: [], definitions: { subgraphs: [{ id: 'b', nodes: [], links: [] }] } },
        { id: 'b', nodes: [], links: [] },
      ],
    },
  },
};

test('a subgraph that is defined inside itself is opened and saved', () => {
  const inner = { id: 'a', nodes: [], links: [] };
  const definitions = { subgraphs: [{ ...inner, definitions: { subgraphs: [inner] } }] };
  const workflow = open({ nodes: [], links: [], definitions });
  expect([...readDocument(toDocument(workflow, SPECS), SPECS).subgraphs.keys()]).toEqual(['a']);
});

test.each(Object.entries(UNUSUAL))('%s: opened and saved it is the same document', (_, document) => {
  const before = structuredClone(document);
  expect(toDocument(open(document), SPECS)).toEqual(before);
});

test('a hole in the values, a dictionary of values, values without widgets stay as they are', () => {
  const values: Json[] = [
    [7, 'fixed', 20, 8, 'x', 'more', null],
    [null, 'fixed'],
    [],
    null,
    { seed: 3, videopreview: {} },
  ];
  for (const widgets_values of values) {
    const node = { id: 1, type: 'Sample', widgets_values };
    expect(saved(one(node))).toEqual(node);
  }
});

test.each([
  ['with the control', [7, 'increment', 30, 5, 'hi'], 'increment'],
  ['without the control', [7, 30, 5, 'hi'], undefined],
])('values have their names %s', (_, widgets_values, control) => {
  expect(valuesOf(one({ type: 'Sample', widgets_values }))).toEqual({
    seed: 7,
    steps: 30,
    cfg: 5,
    note: 'hi',
    ...(control === undefined ? {} : { control_after_generate: control }),
  });
});

test('a changed value takes its place in the list and nothing else moves', () => {
  const node = { type: 'Sample', widgets_values: [7, 'increment', 30, 5, 'hi', 'left over'] };
  const named = { ...node, widgets_values_named: { seed: 7, steps: 30, cfg: 5, note: 'hi' } };
  expect(saved(setWidget(one(node), [], '1', 'steps', 31)).widgets_values).toEqual([
    7,
    'increment',
    31,
    5,
    'hi',
    'left over',
  ]);
  const both = saved(setWidget(one(named), [], '1', 'steps', 31));
  expect(both.widgets_values).toEqual([7, 'increment', 31, 5, 'hi', 'left over']);
  expect(both.widgets_values_named).toEqual({ seed: 7, steps: 31, cfg: 5, note: 'hi' });
});

test('a word for a control that the list lacks is put in', () => {
  const workflow = one({ type: 'Sample', widgets_values: [7, 30, 5, 'hi'] });
  const fixed = setWidget(workflow, [], '1', 'control_after_generate', 'fixed');
  expect(saved(fixed).widgets_values).toEqual([7, 'fixed', 30, 5, 'hi']);
});

test('the button of an upload keeps its place', () => {
  const workflow = one({ type: 'Open', widgets_values: ['a.png', 'image', 2] });
  expect(valuesOf(workflow)).toEqual({ image: 'a.png', scale: 2 });
  expect(saved(setWidget(workflow, [], '1', 'scale', 3)).widgets_values).toEqual(['a.png', 'image', 3]);
});

test('another choice opens other values', () => {
  const workflow = one({ type: 'Choose', widgets_values: ['size', 4, 5, 6] });
  expect(valuesOf(workflow)).toEqual({ how: 'size', 'how.width': 4, 'how.height': 5, last: 6 });
  const changed = setWidgets(workflow, [], '1', { how: 'factor', 'how.by': 3 });
  expect(saved(changed).widgets_values).toEqual(['factor', 3, 6]);
});

test('values of a type that nobody knows are kept, and those of notes may be changed', () => {
  const workflow = one({ type: 'Note', widgets_values: ['hello'] });
  const node = workflow.root.nodes.get('1')!;
  expect(node.rawWidgets).toEqual(['hello']);
  const root = { ...workflow.root, nodes: new Map([['1', { ...node, rawWidgets: ['bye'] }]]) };
  expect(saved({ ...workflow, root }).widgets_values).toEqual(['bye']);
});

test('a new reroute is written where its version has it', () => {
  const document = (version: number) => ({
    version,
    nodes: [
      { id: 1, type: 'Load', outputs: [{ name: 'MODEL', type: 'MODEL', links: null }] },
      { id: 2, type: 'Sample', inputs: [{ name: 'model', type: 'MODEL', link: null }] },
    ],
    links: [],
  });
  const bent = (workflow: Workflow) => {
    const linked = connect(workflow, [], { node: '1', slot: 0 }, { node: '2', slot: 0 });
    return toDocument(addReroute(linked, [], '1', [5, 6]), SPECS);
  };
  const [old, recent] = [bent(open(document(0.4))), bent(open(document(1)))];
  expect(old.links).toEqual([[1, 1, 0, 2, 0, 'MODEL']]);
  expect(old.extra).toEqual({
    reroutes: [{ id: 2, pos: [5, 6], linkIds: [1] }],
    linkExtensions: [{ id: 1, parentId: 2 }],
  });
  expect(recent.links).toEqual([
    { id: 1, origin_id: 1, origin_slot: 0, target_id: 2, target_slot: 0, type: 'MODEL', parentId: 2 },
  ]);
  expect(recent.reroutes).toEqual([{ id: 2, pos: [5, 6], linkIds: [1] }]);
});

test('an empty workflow is a document that can be opened', () => {
  const document = toDocument(EMPTY_WORKFLOW, SPECS);
  expect(document).toMatchObject({ version: 0.4, nodes: [], links: [], last_node_id: 0 });
  expect(open(document).root.nodes.size).toBe(0);
});

test('a mode that is changed is written, as a number', () => {
  const workflow = one({ type: 'Load', mode: 3 });
  expect(saved(setMode(workflow, [], ['1'], 'bypass')).mode).toBe(4);
});

test('the API form is laid out from left to right, with its links and values', () => {
  const workflow = open({
    prompt: {
      '3': {
        class_type: 'Sample',
        inputs: { seed: 5, model: ['4', 0], mask: ['9', 1], note: { __value__: ['4', 0] } },
      },
      '4': { class_type: 'Load', inputs: { name: 'b' }, _meta: { title: 'My model' } },
      '9': { class_type: 'Unknown', inputs: { a: 1, x: ['4', 0] } },
    },
  });
  const [sample, load, unknown] = ['3', '4', '9'].map((id) => workflow.root.nodes.get(id)!);
  expect(sample?.widgets).toMatchObject({ seed: 5, steps: 20, cfg: 8, note: ['4', 0] });
  expect(load).toMatchObject({ title: 'My model', widgets: { name: 'b' } });
  expect(unknown?.rawWidgets).toEqual({ a: 1 });
  const links = [...workflow.root.links.values()].map(
    ({ from, to }) => `${from.node}.${from.slot} ${to.node}`,
  );
  expect(links).toEqual(['4.0 3', '9.1 3', '4.0 9']);
  expect(load!.pos[0]).toBeLessThan(unknown!.pos[0]);
  expect(unknown!.pos[0]).toBeLessThan(sample!.pos[0]);
});

test.each([
  [null, 'A workflow document is an object; this one is missing or null.'],
  [[], 'A workflow document is an object; this one is a list.'],
  [{}, 'The document is empty: it has no nodes.'],
  [{ a: 1, b: 2 }, /^This is not a workflow: it has "a", "b", but neither/],
  [
    {
      nodes: [
        { id: 1, type: 'A' },
        { id: 1, type: 'B' },
      ],
    },
    'nodes[1].id: there are two nodes #1.',
  ],
  [{ nodes: [1] }, 'nodes[0] is a number; an object was expected.'],
  [{ nodes: [{ id: 1 }] }, 'nodes[0].type is missing or null; a text was expected.'],
  [
    { nodes: [{ id: 1.5, type: 'A' }] },
    'nodes[0].id is a number; an id (a whole number or a text) was expected.',
  ],
  [
    { nodes: [{ id: 1, type: 'A', inputs: [{ link: true }] }] },
    /^nodes\[0\]\.inputs\[0\]\.link is true or false;/,
  ],
  [{ nodes: [], links: [[1, 2]] }, 'links[0] has 2 values; a link has six: id, from, slot, to, slot, type.'],
  [{ nodes: [], definitions: { subgraphs: [{ nodes: [] }] } }, /^definitions\.subgraphs\[0\]\.id is missing/],
  [{ '1': { class_type: 3 } }, 'Node "1", class_type is a number; a text was expected.'],
])('%j is refused with a sentence', (document, sentence) => {
  const refusal = () => open(document);
  expect(refusal).toThrow(FormatError);
  expect(refusal).toThrow(sentence);
});
