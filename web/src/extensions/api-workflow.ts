/** The workflow that is shown, as scripts read and change it. */

import { addNodeAt, freePlace } from '../app/add-node.ts';
import { currentEditor, type App } from '../app/context.ts';
import { writeDocument } from '../app/formats.ts';
import { setValue } from '../app/set-value.ts';
import { setTitle } from '../core/edits/flags.ts';
import { connect } from '../core/edits/links.ts';
import { removeNodes } from '../core/edits/nodes.ts';
import { connectWidget, setWidgets } from '../core/edits/widgets.ts';
import type { Editor } from '../core/editor.ts';
import type { GraphNode, Workflow } from '../core/graph.ts';
import { specOf } from '../core/subgraphs/spec.ts';
import type { Workflow1 } from '../../types/weft-editor.d.ts';
import type { Keeper } from './keeper.ts';
import { nodeNow } from './nodes.ts';

type Ends = Parameters<Workflow1['connect']>;

export function makeWorkflow1(app: App, keeper: Keeper): Workflow1 {
  const editor = (): Editor => currentEditor(app);
  return {
    get name() {
      return app.tabs.current.value.name.value;
    },
    nodes: () => [...editor().graph.nodes.values()].map((node) => nodeNow(editor(), node)),
    node(id) {
      const node = editor().graph.nodes.get(id);
      return node === undefined ? null : nodeNow(editor(), node);
    },
    select: (ids) => editor().select(ids.filter((id) => editor().graph.nodes.has(id))),
    setValue: (id, input, value) => setValue(editor(), id, input, value),
    setTitle: (id, title) => edit(app, (workflow, { path }) => setTitle(workflow, path, id, title)),
    add: (type, given) => add(app, type, given),
    remove: (ids) => edit(app, (workflow, { path }) => removeNodes(workflow, path, ids)),
    connect: (...ends) => edit(app, (workflow, now) => connected(workflow, now, ends)),
    document: () => writeDocument(editor().workflow, app.specs.value),
    onChange: (listener) => keeper.owns(watch(app, keeper.guarded('a listener', listener))),
  };
}

function edit(app: App, change: (workflow: Workflow, editor: Editor) => Workflow): void {
  const editor = currentEditor(app);
  editor.do('packs.edit', (workflow) => change(workflow, editor));
}

function add(
  app: App,
  type: string,
  { at, values = {} }: NonNullable<Parameters<Workflow1['add']>[1]> = {},
): string {
  const id = addNodeAt(app, type, at ?? freePlace(app));
  if (id === null) throw new Error(`There is no node type ${type}.`);
  if (Object.keys(values).length > 0)
    edit(app, (workflow, { path }) => setWidgets(workflow, path, id, values));
  return id;
}

function connected(workflow: Workflow, editor: Editor, [from, to]: Ends): Workflow {
  const { path } = editor;
  const [source, target] = [nodeOf(editor, from.node), nodeOf(editor, to.node)];
  const output = source.outputs.findIndex(({ name }) => name === from.output);
  if (output < 0) throw new Error(`Node ${from.node} has no output ${from.output}.`);
  const start = { node: from.node, slot: output };
  const input = target.inputs.findIndex(({ name }) => name === to.input);
  if (input >= 0) return connect(workflow, path, start, { node: to.node, slot: input });
  const spec = specOf(target, workflow, editor.specs.value)?.inputs.find(({ name }) => name === to.input);
  if (spec === undefined) throw new Error(`Node ${to.node} has no input ${to.input}.`);
  return connectWidget(workflow, path, start, to.node, to.input, spec.type);
}

function nodeOf(editor: Editor, id: string): GraphNode {
  const node = editor.graph.nodes.get(id);
  if (node === undefined) throw new Error(`There is no node ${id} on the level that is shown.`);
  return node;
}

/** Call a function when the workflow that is shown changes, or another one is shown. */
function watch({ tabs }: App, listener: () => void): () => void {
  let inner = tabs.current.value.editor.history.present.watch(listener);
  const outer = tabs.current.watch(({ editor }) => {
    inner();
    inner = editor.history.present.watch(listener);
    listener();
  });
  return () => {
    inner();
    outer();
  };
}
