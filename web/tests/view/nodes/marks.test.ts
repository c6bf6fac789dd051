import { describe, expect, test } from 'vitest';
import { blankNode, newNode } from '../../../src/core/edits/new-node.ts';
import { addNode } from '../../../src/core/edits/nodes.ts';
import { EMPTY_WORKFLOW } from '../../../src/core/graph.ts';
import type { NodeRun } from '../../../src/core/run-state.ts';
import { NOTHING_SEEN } from '../../../src/core/run-view.ts';
import { readSpecs } from '../../../src/core/specs-read.ts';
import { badgesOf, shownSeconds } from '../../../src/view/nodes/badges.ts';
import { isDark } from '../../../src/view/nodes/contrast.ts';
import { noteText, setNoteText } from '../../../src/view/nodes/note-text.ts';
import { heightFor, shownOf } from '../../../src/view/nodes/shown-files.ts';

const specs = readSpecs({
  LoadImage: { input: { required: { image: [['more/a.png'], { image_upload: true }] } } },
});
const loadImage = specs.get('LoadImage')!;
const RUN: NodeRun = { phase: 'done', value: 0, max: 0, text: '', since: null, seconds: null };

describe('marks in the header', () => {
  const node = blankNode('1', 'KSampler', [0, 0]);
  const keysOf = (run: NodeRun | null) =>
    badgesOf(node, undefined, { ...NOTHING_SEEN, run }).map(({ key }) => key);

  test('a node that was not run has none', () => expect(keysOf(null)).toEqual([]));
  test('a node that is done says how long it took, or that it is done', () => {
    expect(keysOf({ ...RUN, seconds: 2 })).toEqual(['node.badge.seconds']);
    expect(keysOf(RUN)).toEqual(['node.badge.done']);
  });
  test('a kept result and an error are marked', () => {
    expect(keysOf({ ...RUN, phase: 'cached' })).toEqual(['node.badge.cached']);
    expect(keysOf({ ...RUN, phase: 'error' })).toEqual(['node.badge.error']);
  });
  test('times fit', () =>
    expect([0.042, 12.34, 125].map(shownSeconds)).toEqual(['0.04 s', '12.3 s', '2:05']));
});

test('text on dark colours is light, however the colour is written', () => {
  expect(['#223', '#232323', '#a00', 'hsl(3 4% 5%)'].map(isDark)).toEqual([true, true, true, true]);
  expect(['#ddd', '#ffee99', '#7fd4ff80'].map(isDark)).toEqual([false, false, false]);
});

describe('what is shown below the widgets', () => {
  const node = newNode(loadImage, '1', [0, 0]);

  test('a file that a node loads, until a run shows something', () => {
    expect(shownOf(node, loadImage, NOTHING_SEEN)).toMatchObject({
      source: 'image',
      files: [{ kind: 'image', filename: 'a.png', subfolder: 'more', type: 'input' }],
    });
    const output = { files: [], texts: ['done'], raw: {}, job: 'j' };
    expect(shownOf(node, loadImage, { ...NOTHING_SEEN, output }).texts).toEqual(['done']);
    expect(shownOf(node, loadImage, { ...NOTHING_SEEN, preview: 'blob:x' })).toMatchObject({
      source: null,
      files: [],
    });
  });
  test('nothing, if a link says which file', () => {
    const linked = { ...node, inputs: node.inputs.map((slot) => ({ ...slot, link: '1' })) };
    expect(shownOf(linked, loadImage, NOTHING_SEEN).source).toBeNull();
  });
  test('takes room for a picture by its shape, within bounds', () => {
    const shown = shownOf(node, loadImage, NOTHING_SEEN);
    const [wide, square, tall] = [20, 2, 0.1].map((aspect) => heightFor(shown, 320, aspect)) as [
      number,
      number,
      number,
    ];
    expect(square).toBe(150);
    expect(wide).toBeLessThan(square);
    expect(tall).toBeGreaterThan(square);
    expect(heightFor({ preview: null, files: [], texts: [], source: null }, 320, 1)).toBe(0);
  });
});

test('a note says what was written into it, and its file keeps the rest', () => {
  const note = { ...blankNode('1', 'Note', [0, 0]), rawWidgets: ['old', 7] };
  const workflow = setNoteText(addNode(EMPTY_WORKFLOW, [], note), [], '1', 'new');
  const after = workflow.root.nodes.get('1')!;
  expect(noteText(after)).toBe('new');
  expect(after.rawWidgets).toEqual(['new', 7]);
});
