/**
 * What becomes of seeds (and of other numbers and choices with a control) from run to run.
 * The word of a control is kept beside its value, under controlKey.
 */

import { exactInteger, isNumber } from './exact.ts';
import type { Graph, GraphNode, Json, Workflow } from './graph.ts';
import type { InputSpec, NodeSpec, Specs, WidgetSpec } from './specs.ts';
import { inRange } from './limits.ts';
import { promotedOf, valueInside } from './subgraphs/promote.ts';
import { specOf } from './subgraphs/spec.ts';

export type ControlMode = 'fixed' | 'increment' | 'decrement' | 'randomize';
export const CONTROL_MODES: readonly ControlMode[] = ['fixed', 'increment', 'decrement', 'randomize'];

/** ComfyUI's: larger ones are not exact in all programs. */
const LARGEST_RANDOM = 2 ** 50;

/**
 * Return the key in a node's `widgets` of the word of a widget's control. The first control of a type has ComfyUI's
 * name, others have their widget's name before it.
 */
export function controlKey(spec: NodeSpec, widget: string): string {
  return keyOf(spec, widget, 'control_after_generate');
}

/** Return the key of the text by which a choice's control picks the next value. */
export function filterKey(spec: NodeSpec, widget: string): string {
  return keyOf(spec, widget, 'control_filter_list');
}

function keyOf(spec: NodeSpec, widget: string, name: string): string {
  const first = spec.inputs.find((input) => input.widget?.hasControl === true && !isOpened(input))?.name;
  return first === widget ? name : `${widget}.${name}`;
}

/** Return what is to become of a widget's value after a run; without a word of its own it is a new one each time. */
export function controlOf(node: GraphNode, spec: NodeSpec, widget: string): ControlMode {
  return wordOf(node, spec, widget) ?? 'randomize';
}

/** Return the workflow with the values of the next run, on all levels. random: numbers from 0 to less than 1. */
export function withNextSeeds(workflow: Workflow, specs: Specs, random: () => number): Workflow {
  const next = (graph: Graph): Graph =>
    withNext(graph, (node) => withNextOf(node, { workflow, specs, random }));
  const root = next(workflow.root);
  const subgraphs = new Map(workflow.subgraphs);
  for (const subgraph of workflow.subgraphs.values()) {
    const graph = next(subgraph.graph);
    if (graph !== subgraph.graph) subgraphs.set(subgraph.id, { ...subgraph, graph });
  }
  const isSame = [...subgraphs].every(([id, subgraph]) => workflow.subgraphs.get(id) === subgraph);
  if (isSame) return root === workflow.root ? workflow : { ...workflow, root };
  return { ...workflow, root, subgraphs };
}

/** Return the value after another under a control. */
export function nextValue(value: Json, mode: ControlMode, widget: WidgetSpec, random: () => number): Json {
  if (mode === 'fixed') return value;
  if (widget.kind === 'choice') return nextChoice(value, mode, widget.choices, random);
  if (!isNumber(value)) return value;
  const step = widget.step ?? 1;
  if (mode !== 'randomize') return moved(value, mode === 'increment' ? step : -step, widget);
  const low = Math.max(widget.min ?? 0, -LARGEST_RANDOM);
  const steps = Math.floor((Math.min(widget.max ?? LARGEST_RANDOM, LARGEST_RANDOM) - low) / step);
  return low + Math.floor(random() * (steps + 1)) * step;
}

function moved(value: number | bigint, by: number, widget: WidgetSpec): number | bigint {
  const isExact = typeof value === 'number' && Number.isSafeInteger(Math.ceil(value + by));
  const next = isExact ? value + by : exactInteger(BigInt(value) + BigInt(Math.trunc(by)));
  return inRange(next, { ...widget, min: widget.min ?? 0, max: widget.max ?? LARGEST_RANDOM });
}

function nextChoice(value: Json, mode: ControlMode, choices: readonly Json[], random: () => number): Json {
  const last = choices.length - 1;
  const at = choices.indexOf(value);
  if (last < 0) return value;
  if (mode === 'increment') return choices[Math.min(last, at + 1)] ?? value;
  if (mode === 'decrement') return choices[Math.max(0, at - 1)] ?? value;
  return choices[Math.floor(random() * choices.length)] ?? value;
}

/** Return the choices that a filter lets through: those with its text in them, or that match its /expression/. */
export function passing(choices: readonly Json[], filter: string): readonly Json[] {
  const expression = /^\/(.+)\/$/.exec(filter)?.[1];
  if (expression === undefined) {
    return choices.filter((choice) => String(choice).toLowerCase().includes(filter.toLowerCase()));
  }
  try {
    const wanted = new RegExp(expression, 'i');
    return choices.filter((choice) => wanted.test(String(choice)));
  } catch {
    return choices; // half written
  }
}

function withNext(graph: Graph, change: (node: GraphNode) => GraphNode): Graph {
  const nodes = new Map([...graph.nodes].map(([id, node]) => [id, change(node)]));
  const isSame = [...nodes].every(([id, node]) => graph.nodes.get(id) === node);
  return isSame ? graph : { ...graph, nodes };
}

interface Setting {
  readonly workflow: Workflow;
  readonly specs: Specs;
  readonly random: () => number;
}

function withNextOf(node: GraphNode, { workflow, specs, random }: Setting): GraphNode {
  const spec = specOf(node, workflow, specs);
  if (node.mode !== 'always' || spec === undefined) return node;
  let { widgets } = node;
  for (const { name, widget } of spec.inputs.filter((each) => isOwn(node, each))) {
    const inner = innerOf(node, name, workflow, specs);
    const value = widgets[name] ?? inner?.value;
    if (widget === null || value === undefined) continue;
    const mode = wordOf(node, spec, name) ?? inner?.mode ?? 'randomize';
    const filter = widgets[filterKey(spec, name)];
    const isFiltered = typeof filter === 'string' && filter !== '';
    const allowed = isFiltered ? { ...widget, choices: passing(widget.choices, filter) } : widget;
    const next = nextValue(value, mode, allowed, random);
    if (next !== value) widgets = { ...widgets, [name]: next };
  }
  return widgets === node.widgets ? node : { ...node, widgets };
}

interface Inner {
  readonly value: Json | undefined;
  readonly mode: ControlMode;
}

/** Return the value and the word of the widget inside a subgraph that its node shows under a name. */
function innerOf(node: GraphNode, name: string, workflow: Workflow, specs: Specs): Inner | null {
  const subgraph = workflow.subgraphs.get(node.type);
  const found = subgraph && promotedOf(node, subgraph).find(({ key }) => key === name);
  const inner = found && subgraph?.graph.nodes.get(found.node);
  const spec = inner && specOf(inner, workflow, specs);
  if (!subgraph || !found || inner === undefined || spec === undefined) return null;
  const value = found.port === null ? undefined : valueInside(found, subgraph, workflow.subgraphs); // else it changes by itself
  return { value, mode: controlOf(inner, spec, found.widget) };
}

/** Whether a choice opens an input: such ones come and go, and have names of their own for their words. */
function isOpened({ name }: InputSpec): boolean {
  return name.includes('.');
}

function wordOf(node: GraphNode, spec: NodeSpec, widget: string): ControlMode | undefined {
  const word = node.widgets[controlKey(spec, widget)];
  return CONTROL_MODES.find((mode) => mode === word);
}

/** Whether a node's own value counts, and not what a link brings. */
function isOwn(node: GraphNode, { name, widget }: InputSpec): boolean {
  const isLinked = node.inputs.some((slot) => slot.name === name && slot.link !== null);
  return widget?.hasControl === true && !isLinked;
}
