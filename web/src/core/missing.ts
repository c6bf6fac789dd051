/**
 * What a workflow needs and this server does not have: node types, and files that its nodes name.
 *
 *     missingTypes(workflow, specs)[0]; // { type: 'FaceDetailer', nodes: […], nearest: [] }
 *     missingFiles(workflow, specs)[0]; // { name: 'sd_xl.safetensors', input: 'ckpt_name', nearest: […], … }
 */

import { isList, isObject } from './formats/fields.ts';
import type { Graph, GraphNode, NodeId, Workflow } from './graph.ts';
import { nearestNames } from './nearest.ts';
import { PRIMITIVE } from './primitive.ts';
import type { InputSpec, Specs } from './specs.ts';
import { specOf } from './subgraphs/spec.ts';

/** Node types that editors have of their own; no server runs them. */
export const EDITOR_TYPES: ReadonlySet<string> = new Set(['Note', 'MarkdownNote', 'Reroute', PRIMITIVE]);

const MODEL_FILE = /\.(safetensors|sft|ckpt|pt|pth|pt2|bin|gguf|onnx|pkl)$/i;
const OTHER_ROOT = / \[(input|output|temp)\]$/; // "name [output]" is below another folder than the choices

/** A node and the level it is on: the id of a subgraph, null for the whole. */
export interface NodePlace {
  readonly level: string | null;
  readonly node: NodeId;
}

export interface MissingType {
  readonly type: string;
  readonly nodes: readonly NodePlace[];
  /** Known types with a similar name. */
  readonly nearest: readonly string[];
}

export interface MissingFile {
  readonly name: string;
  /** The input that names it, and where. */
  readonly input: string;
  readonly nodes: readonly NodePlace[];
  readonly nearest: readonly string[];
  /** Where the workflow says that it can be had and where it belongs; null: it does not say. */
  readonly url: string | null;
  readonly folder: string | null;
}

/** Return the node types that the server does not have, each once. */
export function missingTypes(workflow: Workflow, specs: Specs): MissingType[] {
  const places = new Map<string, NodePlace[]>();
  for (const [place, node] of nodesOf(workflow)) {
    const isKnown = specs.has(node.type) || workflow.subgraphs.has(node.type) || EDITOR_TYPES.has(node.type);
    if (!isKnown) places.set(node.type, [...(places.get(node.type) ?? []), place]);
  }
  return [...places].map(([type, nodes]) => ({ type, nodes, nearest: nearestNames(type, specs.keys()) }));
}

/** Return the files that widgets name and the server does not offer, each once for an input's name. */
export function missingFiles(workflow: Workflow, specs: Specs): MissingFile[] {
  const found = new Map<string, MissingFile>();
  for (const [place, node] of nodesOf(workflow)) {
    const spec = node.mode === 'always' ? specOf(node, workflow, specs) : undefined;
    for (const input of spec?.inputs ?? []) {
      const name = node.widgets[input.name];
      if (typeof name !== 'string' || isLinked(node, input) || !isMissing(name, input)) continue;
      const key = `${input.name}/${name}`;
      const nodes = [...(found.get(key)?.nodes ?? []), place];
      found.set(
        key,
        found.has(key) ? { ...(found.get(key) as MissingFile), nodes } : missing(name, input, nodes, node),
      );
    }
  }
  return [...found.values()];
}

function missing(name: string, input: InputSpec, nodes: readonly NodePlace[], node: GraphNode): MissingFile {
  const choices = (input.widget?.choices ?? []).filter((choice) => typeof choice === 'string');
  return {
    name,
    input: input.name,
    nodes,
    nearest: nearestNames(name, choices, 3, stemOf),
    ...sourceOf(name, node),
  };
}

/** Return a file's name without its folder and its end, which many share. */
function stemOf(name: string): string {
  return (name.split(/[\\/]/).at(-1) ?? name).replace(/\.\w+$/, '');
}

/** Whether a widget's value is the name of a file that is not among its choices. */
function isMissing(name: string, { widget }: InputSpec): boolean {
  if (widget === null || (widget.kind !== 'choice' && widget.kind !== 'file')) return false;
  if (name === '' || OTHER_ROOT.test(name)) return false;
  const isFile = widget.kind === 'file' || MODEL_FILE.test(name);
  const sameName = name.replaceAll('\\', '/');
  return isFile && !widget.choices.some((choice) => choice === name || choice === sameName);
}

function isLinked(node: GraphNode, input: InputSpec): boolean {
  return node.inputs.some((slot) => slot.link !== null && (slot.widget ?? slot.name) === input.name);
}

/** Return what the node's property `models` tells of a file. */
function sourceOf(name: string, node: GraphNode): { url: string | null; folder: string | null } {
  const models = node.properties.models;
  const base = name.split(/[\\/]/).at(-1);
  const model = (isList(models) ? models.filter(isObject) : []).find(
    (each) => each.name === name || each.name === base,
  );
  const [url, folder] = [model?.url, model?.directory].map((each) =>
    typeof each === 'string' ? each : null,
  );
  return {
    url: url !== null && /^https?:\/\//.test(url ?? '') ? (url ?? null) : null,
    folder: folder ?? null,
  };
}

function* nodesOf(workflow: Workflow): Generator<[NodePlace, GraphNode]> {
  const levels: [string | null, Graph][] = [[null, workflow.root]];
  for (const [id, { graph }] of workflow.subgraphs) levels.push([id, graph]);
  for (const [level, graph] of levels) {
    for (const node of graph.nodes.values()) yield [{ level, node: node.id }, node];
  }
}
