/** What a workflow needs and the server lacks: types of nodes, and models that widgets name. */

import type { Editor } from '../core/editor.ts';
import { setWidget } from '../core/edits/widgets.ts';
import type { Graph, GraphNode, JsonObject, NodeId, Path, Workflow } from '../core/graph.ts';
import type { Specs } from '../core/specs.ts';
import { VIRTUAL } from './documents.ts';

export interface NodePlace {
  readonly path: Path;
  readonly node: NodeId;
}

export interface MissingNode {
  readonly type: string;
  /** What the file says of the pack that it came from; '' if nothing. */
  readonly pack: string;
  readonly places: readonly NodePlace[];
}

export interface MissingModel extends NodePlace {
  readonly title: string;
  readonly input: string;
  readonly value: string;
  /** What the server has instead. */
  readonly choices: readonly string[];
  /** Where the file says it can be had; '' if it does not. */
  readonly url: string;
}

/** Return types that the server does not know, with where they are used. */
export function missingNodes(workflow: Workflow, specs: Specs): readonly MissingNode[] {
  const found = new Map<string, { pack: string; places: NodePlace[] }>();
  for (const { graph, path } of levels(workflow)) {
    for (const node of graph.nodes.values()) {
      if (specs.has(node.type) || workflow.subgraphs.has(node.type) || VIRTUAL.has(node.type)) continue;
      const entry = found.get(node.type) ?? { pack: packOf(node), places: [] };
      entry.places.push({ path, node: node.id });
      found.set(node.type, entry);
    }
  }
  return [...found].map(([type, entry]) => ({ type, ...entry }));
}

/** Return files that widgets name and the server does not list. */
export function missingModels(workflow: Workflow, specs: Specs): readonly MissingModel[] {
  return levels(workflow).flatMap(({ graph, path }) =>
    [...graph.nodes.values()].flatMap((node) => missingIn(node, path, specs)),
  );
}

/** Have a node use another model. */
export function replaceModel(editor: Editor, { path, node, input }: MissingModel, value: string): void {
  editor.history.do('missing.replaced', (workflow) => setWidget(workflow, path, node, input, value), path);
}

function missingIn(node: GraphNode, path: Path, specs: Specs): MissingModel[] {
  const spec = specs.get(node.type);
  return (spec?.inputs ?? []).flatMap(({ name, widget }) => {
    const value = node.widgets[name];
    const isList =
      widget !== null && (widget.kind === 'choice' || widget.kind === 'file') && widget.upload === null;
    if (!isList || typeof value !== 'string' || value === '' || widget.choices.includes(value)) return [];
    const isFile =
      /\.\w{2,12}$/.test(value) ||
      widget.choices.some((each) => /\.(safetensors|ckpt|pt|pth|bin|gguf)$/i.test(String(each)));
    if (!isFile) return [];
    const choices = widget.choices.filter((each) => typeof each === 'string');
    const title = node.title ?? spec?.title ?? node.type;
    return [{ path, node: node.id, title, input: name, value, choices, url: urlOf(node, value) }];
  });
}

/** Return each level once, with a way that leads there. */
function levels(workflow: Workflow): { graph: Graph; path: Path }[] {
  const seen = new Set<string>();
  const walk = (graph: Graph, path: Path): { graph: Graph; path: Path }[] => [
    { graph, path },
    ...[...graph.nodes.values()].flatMap((node) => {
      const inner = workflow.subgraphs.get(node.type);
      if (inner === undefined || seen.has(inner.id)) return [];
      seen.add(inner.id);
      return walk(inner.graph, [...path, node.id]);
    }),
  ];
  return walk(workflow.root, []);
}

function packOf({ properties }: GraphNode): string {
  const pack = properties.cnr_id ?? properties.aux_id;
  return typeof pack === 'string' ? pack : '';
}

/** Files keep where models come from in a node's `properties.models`. Only web addresses are offered. */
function urlOf({ properties }: GraphNode, name: string): string {
  const { models } = properties;
  if (!Array.isArray(models)) return '';
  const model = models.find((each: JsonObject | null) => each?.name === name.replace(/^.*[\\/]/, '')) as
    JsonObject | undefined;
  return typeof model?.url === 'string' && /^https?:\/\//.test(model.url) ? model.url : '';
}
