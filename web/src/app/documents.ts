/**
 * Documents: opens workflows from files, the server and texts; saves and exports them.
 *
 *     await documents.openFile(file); // JSON, or a picture that carries its workflow
 *     await documents.save(tab);
 */

import { writeExact } from '../core/exact.ts';
import { readEmbedded } from '../core/files/embedded.ts';
import { parseJson } from '../core/files/json.ts';
import type { JsonObject, Workflow } from '../core/graph.ts';
import { missingFiles, missingTypes } from '../core/missing.ts';
import type { App } from './context.ts';
import { download } from './download.ts';
import { readDocument, writeDocument } from './formats.ts';
import type { Tab } from './tabs.ts';

export const FOLDER = 'workflows';

export class Documents {
  constructor(private readonly app: () => App) {}

  /** Open a document in a tab; say so if it cannot be read. */
  openJson(document: JsonObject, name: string, file: string | null = null): Tab | null {
    const { tabs, specs } = this.app();
    try {
      const tab = tabs.open({ name, workflow: readDocument(document, specs.value), file });
      tellMissing(this.app(), tab);
      return tab;
    } catch (error) {
      this.#tellUnreadable(name, error);
      return null;
    }
  }

  openText(text: string, name: string, file: string | null = null): Tab | null {
    try {
      return this.openJson(parseJson(text) as JsonObject, name, file);
    } catch (error) {
      this.#tellUnreadable(name, error);
      return null;
    }
  }

  /** Open a file of this machine: JSON, or a picture that carries a workflow. */
  async openFile(file: File): Promise<Tab | null> {
    const name = baseName(file.name);
    try {
      const { toEdit } = await readEmbedded(file.name, new Uint8Array(await file.arrayBuffer()));
      return this.openJson(toEdit as JsonObject, name);
    } catch (error) {
      this.#tellUnreadable(file.name, error);
      return null;
    }
  }

  /** Open a file of the server, or show the tab that has it open. path: below workflows/. */
  async openStored(path: string): Promise<Tab | null> {
    const { api, tabs } = this.app();
    const open = tabs.ofFile(path);
    if (open !== undefined) {
      tabs.show(open);
      return open;
    }
    const text = await this.#telling(() => api.readUserFile(`${FOLDER}/${path}`));
    return text === null ? null : this.openText(text, baseName(path), path);
  }

  /** Save to its file on the server, or ask for a name first. Returns whether it is saved. */
  async save(tab: Tab): Promise<boolean> {
    const file = tab.editor.file.value;
    return file === null ? this.saveAs(tab) : this.#write(tab, file, true);
  }

  async saveAs(tab: Tab): Promise<boolean> {
    const { dialogs, texts } = this.app();
    const name = await dialogs.ask({
      title: texts.t('file.saveAs'),
      label: texts.t('common.name'),
      value: tab.editor.file.value?.replace(/\.json$/, '') ?? tab.name.value,
      action: texts.t('common.save'),
      check: (value) => (isFileName(value) ? null : texts.t('file.badName')),
    });
    if (name === null) return false;
    return this.#write(tab, /\.json$/i.test(name) ? name : `${name}.json`, false);
  }

  /** Give a stored file another name; open tabs of it follow. */
  async rename(path: string, to: string): Promise<boolean> {
    const { api, tabs, thumbnails } = this.app();
    const moved = await this.#telling(() => api.moveUserFile(`${FOLDER}/${path}`, `${FOLDER}/${to}`));
    if (moved === null) return false;
    const tab = tabs.ofFile(path);
    tab?.editor.file.set(to);
    tab?.name.set(baseName(to));
    await thumbnails.move(path, to);
    return true;
  }

  async remove(path: string): Promise<boolean> {
    const { api, tabs, dialogs, texts } = this.app();
    const question = { title: texts.t('file.delete'), text: texts.t('file.deleteAsk', { name: path }) };
    if (!(await dialogs.confirm({ ...question, action: texts.t('common.delete'), isDanger: true })))
      return false;
    const isGone =
      (await this.#telling(async () => (await api.deleteUserFile(`${FOLDER}/${path}`), true))) === true;
    if (isGone) {
      tabs.ofFile(path)?.editor.file.set(null);
      await this.app().thumbnails.remove(path);
    }
    return isGone;
  }

  /** Close a tab, after asking about changes that are not saved. */
  async close(tab: Tab): Promise<boolean> {
    const { tabs, dialogs, texts } = this.app();
    if (tab.editor.isUnsaved) {
      tabs.show(tab);
      const answer = await dialogs.choose({
        title: texts.t('file.close'),
        text: texts.t('file.closeAsk', { name: tab.name.value }),
        action: texts.t('common.save'),
        other: texts.t('file.dontSave'),
      });
      if (answer === null || (answer === 'action' && !(await this.save(tab)))) return false;
      await this.app().versions.keep(
        tab.editor.file.value ?? tab.id,
        this.contentOf(tab.editor.workflow),
        'edited',
      );
    }
    tabs.close(tab);
    return true;
  }

  contentOf(workflow: Workflow): JsonObject {
    return writeDocument(workflow, this.app().specs.value);
  }

  /** Give the document to the browser as a file. */
  exportJson(tab: Tab): void {
    download(new Blob([writeExact(this.contentOf(tab.editor.workflow), 2)]), `${tab.name.value}.json`);
  }

  async #write(tab: Tab, file: string, mayReplace: boolean): Promise<boolean> {
    const { api, dialogs, texts, thumbnails, versions } = this.app();
    const { workflow } = tab.editor;
    const content = this.contentOf(workflow);
    try {
      await api.writeUserFile(`${FOLDER}/${file}`, writeExact(content), mayReplace);
    } catch (error) {
      if (!mayReplace && isTaken(error))
        return (await this.#askReplace(file)) && this.#write(tab, file, true);
      dialogs.tell(texts.t('file.saveFailed', { reason: messageOf(error) }), 'error');
      return false;
    }
    tab.editor.file.set(file);
    tab.editor.saved.set(workflow);
    tab.name.set(baseName(file));
    void versions.keep(file, content, 'saved');
    void thumbnails.keep(tab);
    dialogs.tell(texts.t('file.saved', { name: baseName(file) }), 'success');
    return true;
  }

  #tellUnreadable(name: string, error: unknown): void {
    const { dialogs, texts } = this.app();
    const reason = messageOf(error); // often it begins with the name, and says which part of the file
    const text = reason.startsWith(name) ? reason : texts.t('file.unreadable', { name, reason });
    dialogs.tell(text, 'error');
  }

  #askReplace(file: string): Promise<boolean> {
    const { dialogs, texts } = this.app();
    const question = { title: texts.t('file.replace'), text: texts.t('file.replaceAsk', { name: file }) };
    return dialogs.confirm({ ...question, action: texts.t('file.replaceDo'), isDanger: true });
  }

  async #telling<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      this.app().dialogs.tell(messageOf(error), 'error');
      return null;
    }
  }
}

/** Say once that the server lacks something that a workflow needs. */
function tellMissing(app: App, { editor }: Tab): void {
  const { specs, dialogs, texts } = app;
  if (specs.value.size === 0) return; // nothing is known of the server
  const [types, files] = [
    missingTypes(editor.workflow, specs.value),
    missingFiles(editor.workflow, specs.value),
  ];
  const told = [
    types.length > 0 ? texts.t('missing.nodes', { count: types.length }) : '',
    files.length > 0 ? texts.t('missing.models', { count: files.length }) : '',
  ].filter(Boolean);
  if (told.length === 0) return;
  const show = (): void => void app.commands.get('view.missing')?.run(app);
  dialogs.tell(`${told.join('; ')}.`, 'warning', { label: texts.t('common.show'), run: show });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Return a file's name without its folders and end. */
export function baseName(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.\w+$/, '');
}

/** Say whether a text can be a file's name below workflows/; folders are parted by /. */
export function isFileName(text: string): boolean {
  return text
    .split('/')
    .every((part) => /^[^<>:"\\|?*\u0000-\u001f]+$/.test(part) && !/^\.+$/.test(part) && part.trim() !== '');
}

function isTaken(error: unknown): boolean {
  return (error as { status?: number }).status === 409;
}
