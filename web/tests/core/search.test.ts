import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { findNodes } from '../../src/core/find.ts';
import { fuzzy } from '../../src/core/fuzzy.ts';
import { setTitle } from '../../src/core/edits/flags.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import { categoriesOf, listed, searchNodes } from '../../src/core/search.ts';
import type { Specs } from '../../src/core/specs.ts';
import { input, spec, SPECS, usualWorkflow } from './edits/examples.ts';

vi.setConfig({ testTimeout: 60_000 }); // many runs, on machines that do other things too

const named = (type: string, title: string, category: string, aliases: string[] = []) =>
  spec(type, [], [], { title, category, aliases });

const KNOWN: Specs = new Map(
  [
    named('KSampler', 'KSampler', 'sampling'),
    named('KSamplerAdvanced', 'KSampler (Advanced)', 'sampling'),
    named('SamplerCustom', 'SamplerCustom', 'sampling/custom_sampling'),
    named('CLIPTextEncode', 'CLIP Text Encode (Prompt)', 'conditioning'),
    named('CheckpointLoaderSimple', 'Load Checkpoint', 'loaders', ['open model']),
    named('LoraLoader', 'Load LoRA', 'loaders'),
    named('VAEDecode', 'VAE Decode', 'latent'),
    named('VAEDecodeTiled', 'VAE Decode (Tiled)', '_for_testing'),
    named('ImageScale', 'Upscale Image', 'image/upscaling'),
    named('SaveImage', 'Save Image', 'image'),
  ].map((each) => [each.type, each]),
);

test.each([
  ['ksampler', 'KSampler'],
  ['ksa adv', 'KSamplerAdvanced'],
  ['cte', 'CLIPTextEncode'],
  ['clip enc', 'CLIPTextEncode'],
  ['prompt', 'CLIPTextEncode'],
  ['checkpoint', 'CheckpointLoaderSimple'],
  ['open model', 'CheckpointLoaderSimple'],
  ['checkpointloader', 'CheckpointLoaderSimple'],
  ['lora', 'LoraLoader'],
  ['vae decode', 'VAEDecode'],
  ['decode vae', 'VAEDecode'],
  ['upscale', 'ImageScale'],
  ['smapler', 'KSampler'],
  ['vdt', 'VAEDecodeTiled'],
])('%j finds %s first', (query, type) => {
  expect(searchNodes(KNOWN, query)[0]?.spec.type).toBe(type);
});

test('what has nothing of the query is not found', () => {
  expect(searchNodes(KNOWN, 'qqq')).toEqual([]);
});

test('everything is listed for an empty query, used types first', () => {
  const found = searchNodes(KNOWN, ' ', { recent: ['SaveImage'] });
  expect(found).toHaveLength(KNOWN.size);
  expect(found[0]?.spec.type).toBe('SaveImage');
});

test('a dropped link leaves only the types that take it, sockets of just its type first', () => {
  const any = spec('Any', [input('anything', '*')], ['*']);
  const specs = new Map([...SPECS, ['Any', any] as const]);
  const byImage = searchNodes(specs, '', { link: { side: 'output', type: 'IMAGE' } });
  expect(byImage.map((found) => found.spec.type)).toEqual(['Batch', 'Save', 'Scale', 'Any']);
  const toModel = searchNodes(specs, '', { link: { side: 'input', type: 'MODEL' } });
  expect(toModel.map((found) => found.spec.type)).toEqual(['Loader', 'Any']);
});

test('a category holds those inside of it', () => {
  const inside = searchNodes(KNOWN, '', { category: 'image' });
  expect(inside.map((found) => found.spec.type).sort()).toEqual(['ImageScale', 'SaveImage']);
  const tree = categoriesOf(KNOWN.values());
  const image = tree.categories.find(({ name }) => name === 'image');
  expect(image?.specs.map(({ type }) => type)).toEqual(['SaveImage']);
  expect(image?.categories.map(({ path }) => path)).toEqual(['image/upscaling']);
});

test('marks are places of the name, in order, and scores at most 1', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (query, name) => {
      const match = fuzzy(query, name);
      if (match === null) return;
      expect(match.score).toBeLessThanOrEqual(1);
      expect([...match.marks].sort((one, other) => one - other)).toEqual(match.marks);
      expect(match.marks.every((mark) => mark >= 0 && mark < name.length)).toBe(true);
    }),
  );
});

test('a name is found by itself and by its beginning', () => {
  const name = fc.stringMatching(/^[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8}){0,2}$/);
  fc.assert(
    fc.property(name, fc.nat(), (text, count) => {
      expect(fuzzy(text, text)?.score).toBe(1);
      expect(fuzzy(text.slice(0, 1 + (count % text.length)), text)).not.toBeNull();
    }),
  );
});

test('nodes are found on every level by id, title, type and text', () => {
  const workflow = setWidget(
    setTitle(usualWorkflow(), [], '2', 'Good things'),
    [],
    '1',
    'name',
    'A Red fox, running',
  );
  expect(findNodes(workflow, SPECS, '#2')[0]).toMatchObject({ path: [], node: '2', where: 'id' });
  expect(findNodes(workflow, SPECS, 'good')[0]).toMatchObject({ node: '2', where: 'title' });
  expect(findNodes(workflow, SPECS, 'red fox')[0]).toMatchObject({ node: '1', where: 'widget' });
  const [inner] = findNodes(workflow, SPECS, 'decode');
  expect(inner).toMatchObject({ node: '6', path: ['11', '10'] });
});

test('another name of a node type is found when typed and listed only once', () => {
  const named = spec('EmptyLatent', [], ['LATENT'], {
    title: 'Empty Latent Image',
    aliases: ['EmptyLatentImage'],
  });
  const other = { ...named, type: 'EmptyLatentImage', aliases: ['EmptyLatent'], aliasOf: 'EmptyLatent' };
  const both = new Map([named, other].map((each) => [each.type, each]));
  expect(searchNodes(both, 'empty').map((found) => found.spec.type)).toEqual(['EmptyLatent']);
  expect(searchNodes(both, 'EmptyLatentImage').map((found) => found.spec.type)).toEqual(['EmptyLatent']);
  expect(listed(new Map([[other.type, other]]))).toEqual([other]);
});
