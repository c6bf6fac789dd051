/**
 * What becomes of seeds (and of other numbers and choices with a control) from run to run.
 *
 * The control's word is a widget value beside the seed's, as files have it: `control_after_generate`.
 */

import {
  withGraphAt,
  type Graph,
  type GraphNode,
  type Json,
  type NodeId,
  type Subgraph,
  type Workflow,
} from './graph.ts';
import type { InputSpec, NodeSpec, Specs, WidgetSpec } from './specs.ts';

export type ControlMode = 'fixed' | 'increment' | 'decrement' | 'randomize';
export const CONTROL_MODES: readonly ControlMode[] = ['fixed', 'increment', 'decrement', 'randomize'];

/** ComfyUI's: larger ones are not exact in all programs. */
const LARGEST_RANDOM = 2 ** 50;

/**
 * Return under which name the word of a widget's control stands among its node's widgets: the first control of a node
 * has ComfyUI's name, others have their widget's name before it.
 */
export function controlKey(spec: NodeSpec, widget: string): string {
  const first = spec.inputs.find((input) => input.widget?.hasControl === true)?.name;
  return first === widget ? 'control_after_generate' : `${widget}.control_after_generate`;
}

/** Return what is to become of a widget's value after a run; without a word of its own it is a new one each time. */
export function controlOf(node: GraphNode, spec: NodeSpec, widget: string): ControlMode {
  const word = node.widgets[controlKey(spec, widget)];
  return CONTROL_MODES.find((mode) => mode === word) ?? 'randomize';
}

/** Return the workflow with the values of the next run, on all levels. random: numbers from 0 to less than 1. */
export function withNextSeeds(workflow: Workflow, specs: Specs, random: () => number): Workflow {
  const root = withNext(workflow.root, specs, random);
  const inner = [...workflow.subgraphs.values()].map((subgraph): readonly [Subgraph, Graph] => [
    subgraph,
    withNext(subgraph.graph, specs, random),
  ]);
  const changed = inner.filter(([subgraph, graph]) => graph !== subgraph.graph);
  const outer = root === workflow.root ? workflow : withGraphAt(workflow, [], root);
  if (changed.length === 0) return outer;
  const subgraphs = new Map(workflow.subgraphs);
  for (const [subgraph, graph] of changed) subgraphs.set(subgraph.id, { ...subgraph, graph });
  return { ...outer, subgraphs };
}

/** Return the value after another under a control. */
export function nextValue(value: Json, mode: ControlMode, widget: WidgetSpec, random: () => number): Json {
  if (mode === 'fixed') return value;
  if (widget.kind === 'choice') return nextChoice(value, mode, widget.choices, random);
  if (typeof value !== 'number') return value;
  const step = widget.step ?? 1;
  const min = widget.min ?? 0;
  const max = Math.min(widget.max ?? LARGEST_RANDOM, Number.MAX_SAFE_INTEGER);
  if (mode === 'increment') return Math.min(max, value + step);
  if (mode === 'decrement') return Math.max(min, value - step);
  const low = Math.max(min, -LARGEST_RANDOM);
  const steps = Math.floor((Math.min(max, LARGEST_RANDOM) - low) / step);
  return low + Math.floor(random() * (steps + 1)) * step;
}

function nextChoice(value: Json, mode: ControlMode, choices: readonly Json[], random: () => number): Json {
  const last = choices.length - 1;
  const at = choices.indexOf(value);
  if (last < 0) return value;
  if (mode === 'increment') return choices[Math.min(last, at + 1)] ?? value;
  if (mode === 'decrement') return choices[Math.max(0, at - 1)] ?? value;
  return choices[Math.floor(random() * choices.length)] ?? value;
}

function withNext(graph: Graph, specs: Specs, random: () => number): Graph {
  const changed = new Map<NodeId, GraphNode>();
  for (const node of graph.nodes.values()) {
    const spec = specs.get(node.type);
    const next = spec === undefined ? node : withNextOf(node, spec, random);
    if (next !== node) changed.set(node.id, next);
  }
  if (changed.size === 0) return graph;
  return { ...graph, nodes: new Map([...graph.nodes].map(([id, node]) => [id, changed.get(id) ?? node])) };
}

function withNextOf(node: GraphNode, spec: NodeSpec, random: () => number): GraphNode {
  if (node.mode !== 'always') return node;
  let { widgets } = node;
  for (const { name, widget } of spec.inputs.filter((input) => isOwn(node, input))) {
    const value = widgets[name];
    if (widget === null || value === undefined) continue;
    const next = nextValue(value, controlOf(node, spec, name), widget, random);
    if (next !== value) widgets = { ...widgets, [name]: next };
  }
  return widgets === node.widgets ? node : { ...node, widgets };
}

/** Whether a node's own value counts, and not what a link brings. */
function isOwn(node: GraphNode, { name, widget }: InputSpec): boolean {
  const isLinked = node.inputs.some((slot) => slot.name === name && slot.link !== null);
  return widget?.hasControl === true && !isLinked;
}
