/**
 * The system's clipboard: nodes as text and as HTML that ComfyUI's editor reads too, so that they go from tab to tab and
 * from browser to browser. Keys use the browser's own events (Clipboard.svelte), which need no permission; menus ask.
 */

import { clipHtml, clipOf, clipText, paste, readClip, type Clip } from '../core/clipboard.ts';
import { removeItems } from '../core/edits/nodes.ts';
import type { Point } from '../core/graph.ts';
import { shownShortcut } from '../ui/keys.ts';
import { addAndSelect } from './adding.ts';
import { freePlace } from './add-node.ts';
import { copyOut } from './copy-out.ts';
import { currentEditor, type App } from './context.ts';

export interface Copied {
  readonly text: string;
  readonly html: string;
}

/** Return what is selected as the clipboard wants it; null if nothing is. */
export function copied(app: App): Copied | null {
  const { workflow, path, selection } = currentEditor(app);
  const clip = clipOf(workflow, path, selection.value);
  if (clip === null) return null;
  return { text: clipText(clip, app.specs.value), html: clipHtml(clip, app.specs.value) };
}

/** Put the nodes in a text into the graph. Returns whether it held any. */
export function pasted(app: App, { text, html }: Copied, keepsInputs: boolean, at: Point | null): boolean {
  const { specs } = app;
  const clip = readClip(html, specs.value) ?? readClip(text, specs.value);
  if (clip === null) return false;
  insert(app, clip, keepsInputs, at);
  return true;
}

function insert(app: App, clip: Clip, keepsInputs: boolean, at: Point | null): void {
  const editor = currentEditor(app);
  const place = at ?? freePlace(app);
  addAndSelect(editor, 'command.edit.paste', (workflow) =>
    paste(workflow, editor.path, clip, place, keepsInputs),
  );
}

/** Copy by a menu. Returns whether it was done. */
export async function copySelection(app: App): Promise<boolean> {
  const copy = copied(app);
  if (copy === null) return false;
  const isDone = await copyOut({ 'text/plain': copy.text, 'text/html': copy.html });
  if (!isDone) tellKeys(app, 'edit.copy');
  return isDone;
}

export async function cutSelection(app: App): Promise<void> {
  if (await copySelection(app)) removeSelection(app);
}

export function removeSelection(app: App): void {
  const editor = currentEditor(app);
  const items = editor.selection.value;
  editor.do('command.edit.cut', (workflow) => removeItems(workflow, editor.path, items));
  editor.select([]);
}

/** Paste by a menu. Browsers ask the user first, or do not let pages do it at all. */
export async function pasteClipboard(app: App, keepsInputs: boolean): Promise<void> {
  try {
    const [item] = await navigator.clipboard.read();
    const read = async (type: string): Promise<string> =>
      item?.types.includes(type) === true ? await (await item.getType(type)).text() : '';
    const found = { text: await read('text/plain'), html: await read('text/html') };
    if (!pasted(app, found, keepsInputs, null)) app.dialogs.tell(app.texts.t('edit.nothingToPaste'));
  } catch {
    tellKeys(app, 'edit.paste');
  }
}

function tellKeys({ dialogs, texts, shortcuts }: App, command: string): void {
  dialogs.tell(texts.t('edit.noClipboard', { keys: shownShortcut(shortcuts.of(command) ?? '') }), 'warning');
}
