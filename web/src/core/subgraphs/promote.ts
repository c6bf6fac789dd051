/**
 * Promoted widgets: widgets inside a subgraph that its nodes show. A port leads to each; the node's own value, kept
 * under the port's name, is what runs. Older files name inner widgets in `properties.proxyWidgets` instead: those are
 * kept under the key `node.widget`.
 */

import { edit } from '../edits/draft.ts';
import { widgetSlot, socketOfWidget } from '../edits/widgets.ts';
import { join } from '../edits/wires.ts';
import {
  INPUT_NODE,
  type Graph,
  type GraphNode,
  type Json,
  type NodeId,
  type Path,
  type Subgraph,
  type Workflow,
} from '../graph.ts';
import { promotedAt } from './marks.ts';
import { changeInstances, dropPort, newPortAt } from './ports.ts';

export interface Promoted {
  /** Under which the instance keeps the value in `widgets`. */
  readonly key: string;
  readonly node: NodeId;
  readonly widget: string;
  /** The input port that leads to it; null for an entry of proxyWidgets that no port leads to. */
  readonly port: number | null;
}

/** Return the inner widgets that an instance of a subgraph shows, in the order of its entries and ports. */
export function promotedOf(node: GraphNode, subgraph: Subgraph): Promoted[] {
  const ports = subgraph.inputs.flatMap((port, index) => {
    const inner = promotedAt(subgraph.graph, index);
    return inner === null ? [] : [{ key: port.name, ...inner, port: index }];
  });
  const others = proxiesOf(node).filter(
    (proxy) => !ports.some((port) => port.node === proxy.node && port.widget === proxy.widget),
  );
  return [...ports, ...others];
}

/** Return the entries of proxyWidgets that name inner widgets. */
export function proxiesOf(node: GraphNode): Promoted[] {
  const entries = node.properties['proxyWidgets'];
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: Json) => {
    if (!Array.isArray(entry) || typeof entry[1] !== 'string') return [];
    const [id, widget] = [String(entry[0]), entry[1]];
    return id === '-1' ? [] : [{ key: `${id}.${widget}`, node: id, widget, port: null }];
  });
}

/** Return the value inside that a widget shows as long as its instance has none of its own; undefined if there is none. */
export function valueInside(
  at: Pick<Promoted, 'node' | 'widget'>,
  subgraph: Subgraph,
  subgraphs: ReadonlyMap<string, Subgraph>,
): Json | undefined {
  const inner = subgraph.graph.nodes.get(at.node);
  const deeper = inner && subgraphs.get(inner.type);
  const own = inner?.widgets[at.widget];
  if (own !== undefined || inner === undefined || deeper === undefined) return own;
  const next = promotedOf(inner, deeper).find(({ key }) => key === at.widget);
  return next && valueInside(next, deeper, subgraphs);
}

/** Return the port that leads to an inner widget; null if none does. */
export function promotionOf(graph: Graph, id: NodeId, name: string): number | null {
  const node = graph.nodes.get(id);
  const slot = node === undefined ? null : widgetSlot(node, name);
  const link = slot === null ? null : (node?.inputs[slot]?.link ?? null);
  const from = link === null ? undefined : graph.links.get(link)?.from;
  return from?.node === INPUT_NODE ? from.slot : null;
}

/** Return the workflow where the subgraph at a path shows a widget of one of its nodes. Nothing if a link gives it. */
export function promoteWidget(
  workflow: Workflow,
  path: Path,
  id: NodeId,
  name: string,
  type: string,
): Workflow {
  return edit(workflow, path, (level, draft) => {
    const before = level.nodes.get(id);
    if (level.subgraph === null || before === undefined) return;
    const known = widgetSlot(before, name);
    if (known !== null && before.inputs[known]?.link !== null) return;
    if (known === null && workflow.subgraphs.has(before.type)) return; // its widgets have slots already
    if (known === null) {
      level.nodes.set(id, { ...before, inputs: [...before.inputs, socketOfWidget(name, type)] });
    }
    const port = newPortAt(level, draft, 'input', name, type);
    if (port === null) return;
    join(level, draft, { node: INPUT_NODE, slot: port }, { node: id, slot: known ?? before.inputs.length });
  });
}

/** Return the workflow where the subgraph at a path shows a widget no more; the widget inside has its own value. */
export function demoteWidget(workflow: Workflow, path: Path, id: NodeId, name: string): Workflow {
  return edit(workflow, path, (level, draft) => {
    const port = promotionOf(level.graph, id, name);
    if (port !== null) dropPort(level, draft, 'input', port);
    changeInstances(level, draft, (node) => withoutProxy(node, id, name));
  });
}

function withoutProxy(node: GraphNode, id: NodeId, name: string): GraphNode {
  const entries = node.properties['proxyWidgets'];
  if (!Array.isArray(entries)) return node;
  const left = entries.filter(
    (entry) => !Array.isArray(entry) || String(entry[0]) !== id || entry[1] !== name,
  );
  if (left.length === entries.length) return node;
  const { [`${id}.${name}`]: _, ...widgets } = node.widgets;
  return { ...node, properties: { ...node.properties, proxyWidgets: left }, widgets };
}
