/** Adds the node that loads a model: the one whose widget lists it. */

import { setWidget } from '../core/edits/widgets.ts';
import type { NodeSpec } from '../core/specs.ts';
import { addNodeInMiddle } from './add-node.ts';
import { currentEditor, type App } from './context.ts';

/** Loaders that come first where several nodes list a model. */
const USUAL = [
  'CheckpointLoaderSimple',
  'LoraLoader',
  'VAELoader',
  'UNETLoader',
  'CLIPLoader',
  'ControlNetLoader',
  'UpscaleModelLoader',
];

export function addModelNode(app: App, kind: string, name: string): void {
  const found = loaderOf(app, name);
  if (found === null) {
    app.dialogs.tell(app.texts.t('models.noLoader', { kind }), 'warning');
    return;
  }
  const id = addNodeInMiddle(app, found.spec.type);
  const editor = currentEditor(app);
  if (id !== null)
    editor.do('edit.addNode', (workflow) => setWidget(workflow, editor.path, id, found.input, name));
}

function loaderOf(app: App, name: string): { spec: NodeSpec; input: string } | null {
  const rank = ({ type }: NodeSpec): number => (USUAL.includes(type) ? USUAL.indexOf(type) : USUAL.length);
  const specs = [...app.specs.value.values()].sort((one, other) => rank(one) - rank(other));
  for (const spec of specs) {
    const input = spec.inputs.find(({ widget }) => widget?.choices.includes(name));
    if (input !== undefined) return { spec, input: input.name };
  }
  return null;
}
