/** Which nodes of the flat workflow a run goes to, if it is to go to some nodes of a level only. */

import { graphAt, OUTPUT_NODE, subgraphIdAt, type NodeId, type Path, type Workflow } from './graph.ts';
import type { NodeKey } from './run-messages.ts';
import { keyOf } from './run-view.ts';
import type { Specs } from './specs.ts';

/** A subgraph stands for what gives its outputs, and for the outputs inside it. Notes and muted nodes are left out. */
export function targetsOf(
  workflow: Workflow,
  specs: Specs,
  path: Path,
  nodes: Iterable<NodeId>,
): readonly NodeKey[] {
  const found = new Set<NodeKey>();
  for (const id of nodes) {
    const node = graphAt(workflow, path).nodes.get(id);
    if (node === undefined || node.mode !== 'always') continue;
    const inside = [...path, id];
    if (subgraphIdAt(workflow, inside) === node.type) {
      for (const key of targetsOf(workflow, specs, inside, endsOf(workflow, specs, inside))) found.add(key);
    } else if (specs.has(node.type)) {
      found.add(keyOf(path, id));
    }
  }
  return [...found];
}

function endsOf(workflow: Workflow, specs: Specs, path: Path): readonly NodeId[] {
  const { nodes, links } = graphAt(workflow, path);
  const givers = [...links.values()].filter(({ to }) => to.node === OUTPUT_NODE).map(({ from }) => from.node);
  const outputs = [...nodes.values()].filter(
    ({ type }) => specs.get(type)?.isOutput === true || workflow.subgraphs.has(type),
  );
  return [...givers, ...outputs.map(({ id }) => id)];
}
