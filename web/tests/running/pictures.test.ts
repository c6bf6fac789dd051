import { expect, test } from 'vitest';
import type { Job } from '../../src/net/api.ts';
import { factsOf } from '../../src/running/made-facts.ts';
import { shownSeconds } from '../../src/running/names.ts';
import { filtered, madeBy } from '../../src/running/pictures.ts';

const file = (filename: string, type = 'output'): { filename: string; subfolder: string; type: string } => ({
  filename,
  subfolder: '',
  type,
});
const JOBS: readonly Job[] = [
  {
    id: 'b',
    state: 'completed',
    created_ms: 2,
    labels: ['portrait'],
    workflow_id: 'w',
    outputs: {
      1: { images: [file('preview.png', 'temp')] },
      7: { images: [file('red.png')], text: ['a word'] },
    },
  },
  {
    id: 'a',
    state: 'completed',
    created_ms: 1,
    outputs: { 9: { audio: [file('song.flac')], images: [file('film.mp4')] } },
  },
  { id: 'c', state: 'failed', created_ms: 0 },
];
const ALL = { kind: 'all', workflow: null } as const;
const names = (all: ReturnType<typeof madeBy>): readonly string[] => all.map((made) => made.file.filename);

test('what jobs made is shown, what is only a preview after what was saved', () => {
  const all = madeBy(JOBS);
  expect(names(all)).toEqual(['red.png', 'preview.png', 'song.flac', 'film.mp4']);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

test('the gallery can be filtered by kind and workflow', () => {
  const all = madeBy(JOBS);
  expect(filtered(all, ALL)).toEqual(all);
  expect(names(filtered(all, { ...ALL, kind: 'video' }))).toEqual(['film.mp4']);
  expect(names(filtered(all, { ...ALL, workflow: 'w' }))).toEqual(['red.png', 'preview.png']);
});

test('of a job the values that people look for are told, seeds first', () => {
  const prompt = {
    1: { class_type: 'Text', inputs: { text: 'a red house' }, _meta: { title: 'Prompt' } },
    2: { class_type: 'Sampler', inputs: { steps: 20, seed: 7, model: ['1', 0] } },
  };
  expect(factsOf(prompt, new Map()).map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'Sampler · seed: 7',
    'Sampler · steps: 20',
    'Prompt · text: a red house',
  ]);
});

test('times are shown as people write them', () => {
  expect([0.04, 9.96, 42.3, 65, 3723].map(shownSeconds)).toEqual([
    '0.0 s',
    '10 s',
    '42 s',
    '1:05',
    '1:02:03',
  ]);
  expect(shownSeconds(59.7)).toBe('1:00');
});
