import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clipHtml, clipOf, clipText, paste, readClip } from '../../src/core/clipboard.ts';
import { connect } from '../../src/core/edits/links.ts';
import { setTitle } from '../../src/core/edits/flags.ts';
import { addedItems } from '../../src/core/edits/piece.ts';
import { EMPTY_WORKFLOW, graphAt, type NodeId, type Workflow } from '../../src/core/graph.ts';
import { makeSubgraph } from '../../src/core/subgraphs/make.ts';
import { ENCODE, LOADER, SAMPLER, SPECS, withNodes } from './edits/examples.ts';
import { problemsOf } from './edits/invariants.ts';
import { applyEdit, RANDOM_EDITS, type RandomEdit } from './edits/random.ts';

/** A loader, two encoders and a sampler, joined: 1 -> 2, 3 -> 4. */
function joined(): Workflow {
  let workflow = withNodes([LOADER, ENCODE, ENCODE, SAMPLER]);
  for (const [from, slot, to, input] of [
    ['1', 1, '2', 0],
    ['1', 1, '3', 0],
    ['1', 0, '4', 0],
    ['2', 0, '4', 1],
    ['3', 0, '4', 2],
  ] as const) {
    workflow = connect(workflow, [], { node: from, slot }, { node: to, slot: input });
  }
  return workflow;
}

function some(...nodes: NodeId[]) {
  return { nodes: new Set(nodes), groups: new Set<string>(), reroutes: new Set<string>() };
}

function copied(workflow: Workflow, ...nodes: NodeId[]) {
  const clip = clipOf(workflow, [], some(...nodes));
  return readClip(clipText(clip!, SPECS), SPECS)!;
}

test('a copy has new ids and the links among its nodes', () => {
  const before = joined();
  const after = paste(before, [], copied(before, '2', '3', '4'), [1000, 0]);
  const added = [...addedItems(before, after, []).nodes].map((id) => after.root.nodes.get(id)!);
  expect(added.map(({ type }) => type)).toEqual(['Encode', 'Encode', 'Sampler']);
  expect(after.root.links.size).toBe(before.root.links.size + 2);
  expect(added[2]?.inputs[0]?.link).toBeNull();
  expect(added[2]?.widgets).toEqual(before.root.nodes.get('4')?.widgets);
  expect(problemsOf(after)).toEqual([]);
});

test('with links kept a copy reads from the nodes that the original reads from', () => {
  const before = joined();
  const after = paste(before, [], copied(before, '4'), null, true);
  const [id] = addedItems(before, after, []).nodes;
  const links = [...after.root.links.values()].filter(({ to }) => to.node === id);
  expect(links.map(({ from, to }) => [from.node, to.slot])).toEqual([
    ['1', 0],
    ['2', 1],
    ['3', 2],
  ]);
  expect(problemsOf(after)).toEqual([]);
});

test('links to nodes that are not there are left out', () => {
  const after = paste(EMPTY_WORKFLOW, [], copied(joined(), '4'), [0, 0], true);
  expect(after.root.nodes.size).toBe(1);
  expect(after.root.links.size).toBe(0);
});

test('the upper left corner of a copy goes where it was pasted', () => {
  const after = paste(EMPTY_WORKFLOW, [], copied(joined(), '2', '3'), [50, 60]);
  const places = [...after.root.nodes.values()].map(({ pos }) => pos);
  expect(places).toEqual([
    [50, 90], // the header lies above the place
    [350, 90],
  ]);
});

test('HTML for the other editor holds the same, whatever letters there are', () => {
  const workflow = setTitle(joined(), [], '4', 'Malen “日本” 🎨');
  const clip = clipOf(workflow, [], some('4'))!;
  const html = clipHtml(clip, SPECS);
  expect(html).toMatch(/data-metadata="[A-Za-z0-9+/=]+"/);
  expect(readClip(html, SPECS)?.piece.nodes[0]?.title).toBe('Malen “日本” 🎨');
});

test('HTML with UTF-8 or Latin-1 in its Base64 is read', () => {
  const json = '{"nodes":[{"id":1,"type":"Note","title":"Größe"}],"links":[]}';
  const utf8 = String.fromCharCode(...new TextEncoder().encode(json));
  for (const bytes of [utf8, json]) {
    const clip = readClip(`<span data-metadata="${btoa(bytes)}"></span>`, SPECS);
    expect(clip?.piece.nodes[0]?.title).toBe('Größe');
  }
});

test.each([
  '',
  'a cat',
  '{',
  '{"nodes": 1}',
  '{"nodes": [1]}',
  '[]',
  '<span data-metadata="===">',
  '{"a": {}}',
])('the text %j is no copy of nodes', (text) => {
  expect(readClip(text, SPECS)).toBeNull();
});

test('a whole document is no copy: it is opened', () => {
  expect(readClip('{"nodes": [], "links": [], "version": 0.4}', SPECS)).toBeNull();
});

test('a copied subgraph comes with its definition', () => {
  const workflow = makeSubgraph(joined(), [], some('2', '3'), 'Texts', 'texts');
  const host = [...workflow.root.nodes.values()].find(({ type }) => type === 'texts')!;
  const after = paste(EMPTY_WORKFLOW, [], copied(workflow, host.id), [0, 0]);
  expect(after.subgraphs.get('texts')?.name).toBe('Texts');
  expect(after.subgraphs.get('texts')?.graph.nodes.size).toBe(2);
  expect(problemsOf(after)).toEqual([]);
});

test('a subgraph is not pasted into itself', () => {
  const workflow = makeSubgraph(joined(), [], some('2', '3'), 'Texts', 'texts');
  const host = [...workflow.root.nodes.values()].find(({ type }) => type === 'texts')!;
  const path = [host.id];
  const after = paste(workflow, path, copied(workflow, host.id, '4'), [0, 0]);
  const types = [...graphAt(after, path).nodes.values()].map(({ type }) => type);
  expect(types).toEqual(['Encode', 'Encode', 'Sampler']);
});

/** A subgraph in a subgraph is copied; then the inner one gets a port more. */
const NESTED = [edited('makeSubgraph', 0, 1), edited('makeSubgraph', 0, 13433), edited('add', 0, 0)];
const GROWN = [edited('unpack', 0, 0), edited('addInputFor', 5355, 0), edited('add', 0, 0)];

/** A subgraph that shows a widget is copied; then the widget is shown no more. */
const PROMOTED = [edited('makeSubgraph', 0, 20521), edited('promote', 17295, 0)];
const DEMOTED = [edited('removeLink', 5955, 51894), edited('add', 0, 0)];

function edited(name: string, level: number, a: number): RandomEdit {
  return { name, level, a, b: 0, c: 0 } as RandomEdit;
}

test('whatever is copied and pasted anywhere leaves sound workflows', () => {
  fc.assert(
    fc.property(RANDOM_EDITS, RANDOM_EDITS, fc.boolean(), (first, second, keepsInputs) => {
      const source = first.reduce(applyEdit, joined());
      const target = second.reduce(applyEdit, source);
      const clip = clipOf(source, [], {
        nodes: new Set([...source.root.nodes.keys()].filter((_, index) => index % 2 === 0)),
        groups: new Set(source.root.groups.keys()),
        reroutes: new Set(),
      });
      if (clip === null) return;
      const read = readClip(clipText(clip, SPECS), SPECS)!;
      expect(problemsOf(paste(target, [], read, [0, 0], keepsInputs))).toEqual([]);
    }),
    {
      numRuns: 150,
      examples: [
        [NESTED, GROWN, false],
        [PROMOTED, DEMOTED, false],
      ],
    },
  );
});
