import { expect, test } from 'vitest';
import { openedSpec } from '../../src/core/opened.ts';
import { readSpecs } from '../../src/core/specs-read.ts';
import { typeVariable } from '../../src/core/types.ts';

function inputOf(description: unknown, name = 'x') {
  return readSpecs({ Node: { input: { required: { [name]: description } }, output: [] } }).get('Node')
    ?.inputs[0];
}

test.each([
  [['INT', { default: 3 }], 'x', 'int'],
  [['INT', {}], 'seed', 'seed'],
  [['INT', { control_after_generate: false }], 'seed', 'int'],
  [['INT', { control_after_generate: true }], 'x', 'seed'],
  [['FLOAT'], 'x', 'float'],
  [['STRING', {}], 'x', 'text'],
  [['STRING', { multiline: true }], 'x', 'multiline'],
  [['BOOLEAN', {}], 'x', 'toggle'],
  [['COLOR', {}], 'x', 'color'],
  [[['a', 'b'], {}], 'x', 'choice'],
  [['COMBO', { options: ['a', 'b'] }], 'x', 'choice'],
  [[['a.png'], { image_upload: true }], 'x', 'file'],
])('%j called %s is the widget %s', (description, name, kind) => {
  expect(inputOf(description, name)?.widget?.kind).toBe(kind);
});

test('a type that editors have no widget for is a socket', () => {
  expect(inputOf(['MODEL', { tooltip: 'the network' }])).toMatchObject({
    type: 'MODEL',
    widget: null,
    tooltip: 'the network',
  });
});

test('a choice starts with its first value unless told otherwise; other widgets are empty', () => {
  expect(inputOf([['a', 'b'], {}])?.widget?.default).toBe('a');
  expect(inputOf([['a', 'b'], { default: 'b' }])?.widget?.default).toBe('b');
  expect(inputOf([[], {}])?.widget?.default).toBeNull();
  expect(inputOf(['STRING'])?.widget?.default).toBe('');
  expect(inputOf(['BOOLEAN'])?.widget?.default).toBe(false);
});

test('inputs stand in the order that is told, required ones first', () => {
  const spec = readSpecs({
    Node: {
      input: {
        required: { a: ['INT'], b: ['INT'] },
        optional: { c: ['MASK'] },
        hidden: { prompt: 'PROMPT' },
      },
      input_order: { required: ['b', 'a'], optional: ['c'] },
      output: ['IMAGE', ['x', 'y']],
      output_name: ['picture'],
      output_is_list: [true, false],
    },
  }).get('Node');
  expect(spec?.inputs.map(({ name, isOptional }) => [name, isOptional])).toEqual([
    ['b', false],
    ['a', false],
    ['c', true],
  ]);
  expect(spec?.outputs.map(({ name, type, isList }) => [name, type, isList])).toEqual([
    ['picture', 'IMAGE', true],
    ['COMBO', 'COMBO', false],
  ]);
});

test('sockets that grow have the type and the name of their template', () => {
  const template = { input: { required: { image: ['IMAGE', {}] } }, prefix: 'image', min: 2, max: 9 };
  const input = inputOf(['COMFY_AUTOGROW_V3', { template }], 'images');
  expect(input).toMatchObject({
    name: 'images',
    type: 'IMAGE',
    growth: { names: Array.from({ length: 9 }, (_, index) => `image${index}`), min: 2 },
  });
});

test('a type variable has its name and the types that it may stand for', () => {
  const any = { template_id: 'T', allowed_types: '*' };
  const some = { template_id: 'T', allowed_types: ['IMAGE', 'MASK'] };
  expect(inputOf(['COMFY_MATCHTYPE_V3', { template: any }])?.type).toBe(typeVariable('T', '*'));
  expect(inputOf(['COMFY_MATCHTYPE_V3', { template: some }])?.type).toBe(typeVariable('T', 'IMAGE,MASK'));
  const node = { output: ['COMFY_MATCHTYPE_V3', 'INT'], output_matchtypes: ['T', null] };
  const outputs = readSpecs({ Node: node }).get('Node')?.outputs;
  expect(outputs?.map(({ type }) => type)).toEqual([typeVariable('T', '*'), 'INT']);
  expect(outputs?.map(({ name }) => name)).toEqual(['*', 'INT']);
});

test('a dynamic choice opens the inputs of what is chosen', () => {
  const options = [
    { key: 'size', inputs: { required: { width: ['INT', { default: 8 }] } } },
    { key: 'none', inputs: {} },
  ];
  const spec = readSpecs({
    Node: { input: { required: { how: ['COMFY_DYNAMICCOMBO_V3', { options }] } } },
  }).get('Node')!;
  expect(spec.inputs[0]?.widget?.choices).toEqual(['size', 'none']);
  expect(openedSpec(spec, { how: 'size' }).inputs.map(({ name }) => name)).toEqual(['how', 'how.width']);
  expect(openedSpec(spec, { how: 'none' }).inputs.map(({ name }) => name)).toEqual(['how']);
});

test.each([
  null,
  [],
  'x',
  { Node: null },
  { Node: {} },
  { Node: { input: { required: { x: null, y: [], z: [1] } } } },
])('what is not well formed (%j) is left out', (info) => {
  for (const spec of readSpecs(info).values()) expect(spec.inputs).toEqual([]);
});
