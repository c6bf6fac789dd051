import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setTitle } from '../../src/core/edits/flags.ts';
import { connect } from '../../src/core/edits/links.ts';
import { setWidget } from '../../src/core/edits/widgets.ts';
import { svgOf } from '../../src/core/export-svg.ts';
import { readDocument } from '../../src/core/formats/read.ts';
import { EMPTY_GRAPH, type GraphNode, type Workflow } from '../../src/core/graph.ts';
import { ALL, LOADER, SAMPLER, SPECS, withNodes } from './edits/examples.ts';
import { applyEdit, RANDOM_EDITS } from './edits/random.ts';

const COLOURS = {
  bg: '#000',
  node: '#222',
  head: '#333',
  line: '#444',
  text: '#fff',
  dim: '#aaa',
  shade: (colour: string) => colour,
};

function draw(workflow: Workflow): string {
  return svgOf(workflow.root, (node) => SPECS.get(node.type), COLOURS);
}

/** Return what is wrong with a text as XML: tags that do not match, letters that must be written otherwise. */
function problemsOf(xml: string): string[] {
  const open: string[] = [];
  const problems: string[] = [];
  const rest = xml.replace(
    /<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, close, name: string, __, alone) => {
      if (close !== '' && open.pop() !== name) problems.push(`</${name}> closes nothing`);
      if (close === '' && alone === '') open.push(name);
      return '';
    },
  );
  if (/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(rest)) problems.push(`not escaped: ${rest}`);
  return [...problems, ...open.map((name) => `<${name}> stays open`)];
}

test('nodes have their titles, sockets and values, links the colour of their type', () => {
  const nodes = withNodes([LOADER, SAMPLER]);
  const svg = draw(connect(nodes, [], { node: '1', slot: 0 }, { node: '2', slot: 0 }));
  for (const text of ['Loader', 'Sampler', 'positive', 'steps', '20', 'LATENT']) {
    expect(svg).toContain(`>${text}</text>`);
  }
  expect(svg.match(/<path /g)).toHaveLength(1);
  expect(problemsOf(svg)).toEqual([]);
});

test('a note has its text, broken into lines', () => {
  const note = {
    id: 1,
    type: 'Note',
    size: [200, 100],
    widgets_values: ['A cat sits on the mat and looks\nat you'],
  };
  const svg = draw(readDocument({ nodes: [note], links: [] }, SPECS));
  expect(svg).toContain('>A cat sits on the mat and</text>');
  expect(svg).toContain('>at you</text>');
});

test('any title and value is written so that it stays a text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (title, value) => {
      const titled = setTitle(withNodes([LOADER]), [], '1', `<b>&"${title}`);
      const svg = draw(setWidget(titled, [], '1', 'name', value));
      expect(problemsOf(svg)).toEqual([]);
      expect(svg).not.toContain('<b>');
    }),
  );
});

test.each(['url(https://example.org/x)', '#12', 'red" onload="x', 'rgb(1,2,3);x'])(
  'the colour %j of a file is not taken over',
  (color) => {
    const workflow = withNodes([LOADER]);
    const node: GraphNode = { ...workflow.root.nodes.get('1')!, color, bgcolor: color };
    const svg = svgOf({ ...workflow.root, nodes: new Map([['1', node]]) }, () => LOADER, COLOURS);
    expect(svg).not.toContain(color);
  },
);

test('every workflow can be drawn, also an empty one', () => {
  expect(problemsOf(svgOf(EMPTY_GRAPH, () => undefined, COLOURS))).toEqual([]);
  fc.assert(
    fc.property(RANDOM_EDITS, (edits) => {
      const svg = draw(edits.reduce(applyEdit, withNodes(ALL)));
      expect(problemsOf(svg)).toEqual([]);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }),
    { numRuns: 60 },
  );
});
