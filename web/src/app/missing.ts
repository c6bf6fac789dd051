/** What can be done about what the server lacks: go there, and use another file. */

import type { Editor } from '../core/editor.ts';
import { setWidget } from '../core/edits/widgets.ts';
import { graphAt, subgraphIdAt, type Path, type Workflow } from '../core/graph.ts';
import type { MissingFile, NodePlace } from '../core/missing.ts';
import type { Specs } from '../core/specs.ts';

/** Return a way to a level; null if nothing leads there. */
export function pathTo(workflow: Workflow, level: string | null): Path | null {
  const seen = new Set<string | null>([null]);
  const ways: Path[] = [[]];
  for (let path = ways.shift(); path !== undefined; path = ways.shift()) {
    if (subgraphIdAt(workflow, path) === level) return path;
    for (const { id, type } of graphAt(workflow, path).nodes.values()) {
      if (seen.has(type) || !workflow.subgraphs.has(type)) continue;
      seen.add(type);
      ways.push([...path, id]);
    }
  }
  return null;
}

/** Show a node on whatever level it is. */
export function goToPlace(editor: Editor, { level, node }: NodePlace): Path | null {
  const path = pathTo(editor.workflow, level);
  if (path !== null) {
    editor.go(path);
    editor.select([node]);
  }
  return path;
}

/** Return the files that the server offers in place of a missing one, the most alike first. */
export function choicesFor(
  workflow: Workflow,
  specs: Specs,
  { nodes, input, nearest }: MissingFile,
): readonly string[] {
  const [place] = nodes;
  const path = place && pathTo(workflow, place.level);
  const type = path && graphAt(workflow, path).nodes.get(place.node)?.type;
  const widget = specs.get(type ?? '')?.inputs.find(({ name }) => name === input)?.widget;
  const all = (widget?.choices ?? []).filter((each) => typeof each === 'string');
  return [...nearest, ...all.filter((each) => !nearest.includes(each))];
}

/** Have all nodes that name a file use another one. */
export function replaceFile(editor: Editor, { nodes, input }: MissingFile, value: string): void {
  editor.do('missing.replaced', (workflow) =>
    nodes.reduce((changed, { level, node }) => {
      const path = pathTo(changed, level);
      return path === null ? changed : setWidget(changed, path, node, input, value);
    }, workflow),
  );
}
