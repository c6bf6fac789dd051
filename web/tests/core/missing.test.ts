import { expect, test } from 'vitest';
import { readDocument } from '../../src/core/formats/read.ts';
import { missingFiles, missingTypes } from '../../src/core/missing.ts';
import { nearestNames } from '../../src/core/nearest.ts';
import { readSpecs } from '../../src/core/specs-read.ts';

const SPECS = readSpecs({
  Loader: {
    input: { required: { ckpt_name: [['sd/base.safetensors', 'refiner.safetensors'], {}] } },
    output: ['MODEL'],
  },
  Open: { input: { required: { image: [['a.png'], { image_upload: true }] } }, output: ['IMAGE'] },
  KSampler: { input: { required: { sampler_name: [['euler'], {}] } }, output: ['LATENT'] },
});

function workflow(...nodes: object[]) {
  const numbered = nodes.map((node, index) => ({ id: index + 1, ...node }));
  return readDocument({ nodes: numbered, links: [], version: 0.4 }, SPECS);
}

test('types that nobody knows are told once, with all their nodes and similar names', () => {
  const found = missingTypes(
    workflow({ type: 'KSampeler' }, { type: 'KSampler' }, { type: 'KSampeler' }, { type: 'Note' }),
    SPECS,
  );
  expect(found).toEqual([
    {
      type: 'KSampeler',
      nodes: [
        { level: null, node: '1' },
        { level: null, node: '3' },
      ],
      nearest: ['KSampler'],
    },
  ]);
});

test('types inside of subgraphs are found, and subgraphs are no missing types', () => {
  const inner = {
    id: 'uuid',
    name: 'Inner',
    nodes: [{ id: 1, type: 'Lost' }],
    links: [],
    inputs: [],
    outputs: [],
  };
  const document = { nodes: [{ id: 1, type: 'uuid' }], links: [], definitions: { subgraphs: [inner] } };
  const found = missingTypes(readDocument(document, SPECS), SPECS);
  expect(found.map(({ type, nodes }) => [type, nodes])).toEqual([['Lost', [{ level: 'uuid', node: '1' }]]]);
});

test('a model that is not there is told with where the workflow says it is', () => {
  const url = 'https://example.org/base.safetensors';
  const models = [{ name: 'bass.safetensors', url, directory: 'checkpoints' }];
  const [found] = missingFiles(
    workflow({ type: 'Loader', widgets_values: ['sd\\bass.safetensors'], properties: { models } }),
    SPECS,
  );
  expect(found).toMatchObject({
    name: 'sd\\bass.safetensors',
    input: 'ckpt_name',
    url,
    folder: 'checkpoints',
  });
  expect(found?.nearest).toEqual(['sd/base.safetensors']);
});

test('an address that is no web address is not offered', () => {
  const models = [{ name: 'x.safetensors', url: 'javascript:alert(1)', directory: 'checkpoints' }];
  const node = { type: 'Loader', widgets_values: ['x.safetensors'], properties: { models } };
  expect(missingFiles(workflow(node), SPECS)[0]?.url).toBeNull();
});

test.each([
  ['a file that is there', { type: 'Loader', widgets_values: ['refiner.safetensors'] }],
  ['the same file written as on Windows', { type: 'Loader', widgets_values: ['sd\\base.safetensors'] }],
  ['a picture that a run made', { type: 'Open', widgets_values: ['b.png [output]', 'image'] }],
  ['a choice that is no file', { type: 'KSampler', widgets_values: ['eulr'] }],
  ['a node that does not run', { type: 'Loader', mode: 2, widgets_values: ['x.safetensors'] }],
])('%s is not missing', (_, node) => {
  expect(missingFiles(workflow(node), SPECS)).toEqual([]);
});

test('a picture that was not uploaded is missing', () => {
  const found = missingFiles(workflow({ type: 'Open', widgets_values: ['b.png', 'image'] }), SPECS);
  expect(found.map(({ name }) => name)).toEqual(['b.png']);
});

test('nearest names do not mind the case of letters; far ones are left out', () => {
  expect(nearestNames('ksampler', ['VAEDecode', 'KSamplerAdvanced', 'KSampler'])).toEqual([
    'KSampler',
    'KSamplerAdvanced',
  ]);
  expect(nearestNames('xyz', ['VAEDecode'])).toEqual([]);
});
