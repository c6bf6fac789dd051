import { expect, test } from 'vitest';
import { namedPack, packOf } from '../../src/core/pack-of.ts';

const PACKS = [
  { name: 'ComfyUI-Impact-Pack', path: '/c/custom_nodes/comfyui-impact-pack', nodes: [] },
  { name: 'Rain', path: '/c/custom_nodes/rain_pack', nodes: ['Rain'] },
  { name: 'single', path: '/c/custom_nodes/single.py', nodes: [] },
];
const found = (type: string, properties = {}): string | undefined =>
  packOf({ type, properties }, PACKS)?.name;

test('a pack that tells the type has it', () => {
  expect(found('Rain', { cnr_id: 'comfyui-impact-pack' })).toBe('Rain');
});

test.each([
  [{ cnr_id: 'comfyui-impact-pack' }, 'ComfyUI-Impact-Pack'],
  [{ aux_id: 'someone/ComfyUI_Impact_Pack' }, 'ComfyUI-Impact-Pack'],
  [{ cnr_id: 'Rain Pack' }, 'Rain'],
  [{ aux_id: 'someone/single' }, 'single'],
  [{ cnr_id: 'another' }, undefined],
  [{ cnr_id: '', aux_id: '' }, undefined],
  [{ cnr_id: 7 }, undefined],
  [{}, undefined],
])('a file names it by %j', (properties, name) => {
  expect(found('FaceDetailer', properties)).toBe(name);
});

test('a pack that is not here has its name at least', () => {
  expect(namedPack({ properties: { aux_id: 'someone/pack' } })).toBe('someone/pack');
  expect(namedPack({ properties: {} })).toBeNull();
});
