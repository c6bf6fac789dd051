/** Nodes and workflows for tests. */

import { connect } from '../../../src/core/edits/links.ts';
import { addNode, nextNodeId } from '../../../src/core/edits/nodes.ts';
import { newNode } from '../../../src/core/edits/new-node.ts';
import { addReroute } from '../../../src/core/edits/reroutes.ts';
import { EMPTY_WORKFLOW, type Path, type Workflow } from '../../../src/core/graph.ts';
import { makeSubgraph } from '../../../src/core/subgraphs/make.ts';
import type { InputSpec, NodeSpec, Specs, WidgetSpec } from '../../../src/core/specs.ts';

const NUMBER: WidgetSpec = {
  kind: 'int',
  default: 20,
  min: 0,
  max: 100,
  step: 1,
  round: null,
  display: 'number',
  choices: [],
  placeholder: '',
  labels: ['off', 'on'],
  hasControl: false,
  upload: null,
  isHidden: false,
  options: {},
};

export function input(name: string, type: string, given: Partial<InputSpec> = {}): InputSpec {
  return {
    name,
    type,
    isOptional: false,
    tooltip: '',
    widget: null,
    isForced: false,
    growth: null,
    beside: null,
    ...given,
  };
}

export function spec(
  type: string,
  inputs: readonly InputSpec[],
  outputs: readonly string[],
  given: Partial<NodeSpec> = {},
): NodeSpec {
  return {
    type,
    title: type,
    category: 'test',
    description: '',
    inputs,
    outputs: outputs.map((name) => ({ name, type: name, isList: false, tooltip: '' })),
    isOutput: outputs.length === 0,
    isDeprecated: false,
    isExperimental: false,
    aliases: [],
    aliasOf: null,
    module: 'nodes',
    ...given,
  };
}

export const LOADER = spec(
  'Loader',
  [input('name', 'STRING', { widget: { ...NUMBER, kind: 'text', default: 'x' } })],
  ['MODEL', 'CLIP', 'VAE'],
);
export const ENCODE = spec('Encode', [input('clip', 'CLIP')], ['CONDITIONING']);
export const SAMPLER = spec(
  'Sampler',
  [
    input('model', 'MODEL'),
    input('positive', 'CONDITIONING'),
    input('negative', 'CONDITIONING'),
    input('latent', 'LATENT'),
    input('steps', 'INT', { widget: NUMBER }),
  ],
  ['LATENT'],
);
export const EMPTY_LATENT = spec('EmptyLatent', [input('width', 'INT', { widget: NUMBER })], ['LATENT']);
export const DECODE = spec('Decode', [input('samples', 'LATENT'), input('vae', 'VAE')], ['IMAGE']);
export const SAVE = spec('Save', [input('images', 'IMAGE')], []);
export const SCALE = spec(
  'Scale',
  [input('image', 'IMAGE'), input('by', 'FLOAT', { widget: NUMBER })],
  ['IMAGE'],
);
export const BATCH = spec(
  'Batch',
  [input('images', 'IMAGE', { growth: { names: ['image0', 'image1', 'image2', 'image3'], min: 1 } })],
  ['IMAGE'],
);
export const INT = spec('Int', [], ['INT']);

export const ALL = [LOADER, ENCODE, SAMPLER, EMPTY_LATENT, DECODE, SAVE, SCALE, BATCH, INT];
export const SPECS: Specs = new Map(ALL.map((each) => [each.type, each]));

/** Return the workflow with new nodes of some types, one beside the other. */
export function withNodes(
  specs: readonly NodeSpec[],
  workflow: Workflow = EMPTY_WORKFLOW,
  path: Path = [],
): Workflow {
  return specs.reduce(
    (before, each, index) => addNode(before, path, newNode(each, nextNodeId(before, path), [300 * index, 0])),
    workflow,
  );
}

/** A usual workflow: a reroute on the model, two nodes in a subgraph, one subgraph in another. */
export function usualWorkflow(): Workflow {
  let workflow = withNodes([LOADER, ENCODE, ENCODE, EMPTY_LATENT, SAMPLER, DECODE, SCALE, SAVE, BATCH]);
  const links: [string, number, string, number][] = [
    ['1', 0, '5', 0],
    ['1', 1, '2', 0],
    ['1', 1, '3', 0],
    ['2', 0, '5', 1],
    ['3', 0, '5', 2],
    ['4', 0, '5', 3],
    ['5', 0, '6', 0],
    ['1', 2, '6', 1],
    ['6', 0, '7', 0],
    ['7', 0, '8', 0],
    ['6', 0, '9', 0],
  ];
  for (const [node, slot, target, input] of links) {
    workflow = connect(workflow, [], { node, slot }, { node: target, slot: input });
  }
  workflow = addReroute(workflow, [], '1', [100, 100]);
  const [groups, reroutes] = [new Set<string>(), new Set<string>()];
  workflow = makeSubgraph(workflow, [], { nodes: new Set(['6', '7']), groups, reroutes }, 'Show', 'show');
  const around = { nodes: new Set(['5', String(workflow.lastNodeId)]), groups, reroutes };
  return makeSubgraph(workflow, [], around, 'Make', 'make');
}
