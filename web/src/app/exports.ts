/** Exports of the workflow that is shown, beside its own document: for the API, and as pictures. */

import { writeExact } from '../core/exact.ts';
import { subgraphIdAt } from '../core/graph.ts';
import { portNodes } from '../core/ports.ts';
import type { SpecOf } from '../core/scene.ts';
import { specOf } from '../core/subgraphs/spec.ts';
import { readColours } from '../view/colours.ts';
import type { App } from './context.ts';
import { messageOf } from './documents.ts';
import { download } from './download.ts';
import { apiDocument } from './formats.ts';

/** Give the document that POST /prompt takes. */
export async function exportApi(app: App): Promise<void> {
  const tab = app.tabs.current.value;
  await telling(app, async () => {
    const document = await apiDocument(app.api, tab.editor.workflow, app.specs.value);
    download(new Blob([writeExact(document, 2)]), `${tab.name.value} (API).json`);
  });
}

/** Give a picture of the level that is shown; it carries the workflow, so that it can be opened again. */
export async function exportPng(app: App): Promise<void> {
  await telling(app, async () => {
    const tab = app.tabs.current.value;
    const [{ pngOf }, { withText }] = await Promise.all([
      import('./picture/raster.ts'),
      import('./picture/png-text.ts'),
    ]);
    const png = new Uint8Array(await (await pngOf(await drawn(app))).arrayBuffer());
    const document = writeExact(app.documents.contentOf(tab.editor.workflow));
    download(new Blob([withText(png, 'workflow', document)], { type: 'image/png' }), `${tab.name.value}.png`);
  });
}

export async function exportSvg(app: App): Promise<void> {
  await telling(app, async () => {
    download(
      new Blob([await drawn(app)], { type: 'image/svg+xml' }),
      `${app.tabs.current.value.name.value}.svg`,
    );
  });
}

async function drawn(app: App): Promise<string> {
  const { svgOf } = await import('../core/export-svg.ts');
  const { workflow, path, graph } = app.tabs.current.value.editor;
  const subgraph = workflow.subgraphs.get(subgraphIdAt(workflow, path) ?? '');
  const specOfNode: SpecOf = (node) => specOf(node, workflow, app.specs.value);
  const ports = subgraph && portNodes(subgraph, app.texts.t('view.inputs'), app.texts.t('view.outputs'));
  return svgOf(graph, specOfNode, readColours(document.documentElement), ports);
}

async function telling(app: App, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    app.dialogs.tell(messageOf(error), 'error');
  }
}
