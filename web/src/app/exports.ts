/** Exports of the workflow that is shown, beside its own document: for the API, and as pictures. */

import { readColours } from '../view/colours.ts';
import type { App } from './context.ts';
import { messageOf } from './documents.ts';
import { download } from './download.ts';
import { apiDocument } from './formats.ts';
import type { Drawing } from './picture/svg.ts';

/** Give the document that POST /prompt takes. */
export async function exportApi(app: App): Promise<void> {
  const tab = app.tabs.current.value;
  await telling(app, async () => {
    const document = await apiDocument(app.api, tab.editor.workflow, app.specs.value);
    download(new Blob([JSON.stringify(document, null, 2)]), `${tab.name.value} (API).json`);
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
    const drawing = await drawn(app);
    if (drawing === null) return;
    const png = new Uint8Array(await (await pngOf(drawing)).arrayBuffer());
    const document = JSON.stringify(app.documents.contentOf(tab.editor.workflow));
    download(new Blob([withText(png, 'workflow', document)], { type: 'image/png' }), `${tab.name.value}.png`);
  });
}

export async function exportSvg(app: App): Promise<void> {
  await telling(app, async () => {
    const drawing = await drawn(app);
    if (drawing === null) return;
    download(new Blob([drawing.svg], { type: 'image/svg+xml' }), `${app.tabs.current.value.name.value}.svg`);
  });
}

async function drawn(app: App): Promise<Drawing | null> {
  const { drawGraph } = await import('./picture/svg.ts');
  const { graph } = app.tabs.current.value.editor;
  return drawGraph(graph, ({ type }) => app.specs.value.get(type), readColours(document.documentElement));
}

async function telling(app: App, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    app.dialogs.tell(messageOf(error), 'error');
  }
}
