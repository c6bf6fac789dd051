/**
 * The app view: a form made of some widgets and results of a workflow, for those who use it and do not build it.
 * Authors choose what is in it; the choice is kept in the document's `extra.weft_app`.
 */

import {
  graphAt,
  type GraphNode,
  type Json,
  type JsonObject,
  type NodeId,
  type Path,
  type Workflow,
} from '../core/graph.ts';

export interface AppInput {
  readonly path: Path;
  readonly node: NodeId;
  readonly widget: string;
}

export interface AppOutput {
  readonly path: Path;
  readonly node: NodeId;
}

export interface AppForm {
  readonly inputs: readonly AppInput[];
  /** Nodes whose results are shown. */
  readonly outputs: readonly AppOutput[];
}

const KEY = 'weft_app';
const EMPTY: AppForm = { inputs: [], outputs: [] };

/** Return the form of a workflow, without what is not there any more. */
export function formOf(workflow: Workflow): AppForm {
  const kept = extraOf(workflow)[KEY];
  if (!isObject(kept)) return EMPTY;
  const isThere = ({ path, node }: AppOutput): boolean => graphAt(workflow, path).nodes.has(node);
  return {
    inputs: listOf(kept.inputs)
      .flatMap((each) => inputOf(each) ?? [])
      .filter(isThere),
    outputs: listOf(kept.outputs)
      .flatMap((each) => placeOf(each) ?? [])
      .filter(isThere),
  };
}

/** Return the workflow with another form; an empty one leaves nothing behind. */
export function withForm(workflow: Workflow, form: AppForm): Workflow {
  const { [KEY]: _, ...extra } = extraOf(workflow);
  const isEmpty = form.inputs.length + form.outputs.length === 0;
  const whole = isEmpty ? extra : { ...extra, [KEY]: form as unknown as Json };
  return { ...workflow, raw: { ...workflow.raw, extra: whole } };
}

/** Return the workflow with a widget put into the form, or taken out if it was there. */
export function toggleInput(workflow: Workflow, input: AppInput): Workflow {
  const form = formOf(workflow);
  const rest = form.inputs.filter((each) => !isSameInput(each, input));
  const inputs = rest.length < form.inputs.length ? rest : [...form.inputs, input];
  return withForm(workflow, { ...form, inputs });
}

export function toggleOutput(workflow: Workflow, output: AppOutput): Workflow {
  const form = formOf(workflow);
  const rest = form.outputs.filter((each) => !isSamePlace(each, output));
  const outputs = rest.length < form.outputs.length ? rest : [...form.outputs, output];
  return withForm(workflow, { ...form, outputs });
}

/** Return the workflow with an input of the form moved up or down by some places. */
export function moveInput(workflow: Workflow, input: AppInput, by: number): Workflow {
  const form = formOf(workflow);
  const at = form.inputs.findIndex((each) => isSameInput(each, input));
  const to = at + by;
  if (at < 0 || to < 0 || to >= form.inputs.length) return workflow;
  const rest = form.inputs.filter((_, index) => index !== at);
  return withForm(workflow, { ...form, inputs: [...rest.slice(0, to), input, ...rest.slice(to)] });
}

export function isSameInput(one: AppInput, other: AppInput): boolean {
  return isSamePlace(one, other) && one.widget === other.widget;
}

export function isSamePlace(one: AppOutput, other: AppOutput): boolean {
  return one.node === other.node && one.path.join('/') === other.path.join('/');
}

/** Return a node of any level. */
export function nodeAt(workflow: Workflow, { path, node }: AppOutput): GraphNode | undefined {
  return graphAt(workflow, path).nodes.get(node);
}

function extraOf({ raw }: Workflow): JsonObject {
  return isObject(raw.extra) ? raw.extra : {};
}

function inputOf(value: Json): AppInput | null {
  const place = placeOf(value);
  const widget = isObject(value) ? value.widget : undefined;
  return place === null || typeof widget !== 'string' ? null : { ...place, widget };
}

function placeOf(value: Json): AppOutput | null {
  if (!isObject(value) || typeof value.node !== 'string') return null;
  return { path: listOf(value.path).filter((step) => typeof step === 'string'), node: value.node };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
