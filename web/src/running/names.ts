/** What users call the nodes of runs. */

import type { App } from '../app/context.ts';
import { graphAt, type GraphNode, type Path } from '../core/graph.ts';
import { placeOf } from '../core/run-view.ts';
import type { NodeKey } from '../core/run-messages.ts';

/** Return the title of a node of a tab's workflow, `subgraph › node` if it is inside; its key if it is gone. */
export function nodeName(app: App, tab: string, key: NodeKey): string {
  const workflow = app.tabs.all.value.find(({ id }) => id === tab)?.editor.workflow;
  if (workflow === undefined) return `#${key}`;
  const { path, node } = placeOf(key);
  const steps: Path = [...path, node];
  const names = steps.map((id, at) => {
    const found = graphAt(workflow, steps.slice(0, at)).nodes.get(id);
    return found === undefined ? null : titleOf(app, found, workflow.subgraphs.get(found.type)?.name);
  });
  return names.includes(null) ? `#${key}` : names.join(' › ');
}

function titleOf({ specs }: App, { title, type }: GraphNode, subgraph: string | undefined): string {
  return title ?? subgraph ?? specs.value.get(type)?.title ?? type;
}

/** Return a time as "3.2 s", "1:05" or "1:02:03". */
export function shownSeconds(seconds: number): string {
  if (seconds < 59.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
