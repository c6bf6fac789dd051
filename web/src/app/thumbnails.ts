/**
 * Thumbnails: small pictures of the workflows on the server, kept there in a folder beside theirs, as other editors list
 * all that is in `workflows/`. A thumbnail is the last picture that a workflow made, or a drawing of its graph.
 *
 *     await thumbnails.load();
 *     thumbnails.all.value.get('portraits/one.json'); // the address of `workflow_thumbnails/portraits/one.webp`
 */

import type { RunState } from '../core/run-state.ts';
import type { OutputFile } from '../core/run-outputs.ts';
import { Store, type Readable } from '../core/store.ts';
import type { UserFile } from '../net/api.ts';
import type { App } from './context.ts';
import { drawingOf } from './exports.ts';
import type { Tab } from './tabs.ts';

const FOLDER = 'workflow_thumbnails';
const PREVIEW = 'webp;90';

export class Thumbnails {
  readonly #all = new Store<ReadonlyMap<string, string>>(new Map());

  constructor(private readonly app: () => App) {}

  /** The addresses of the pictures, by the workflow's path. */
  get all(): Readable<ReadonlyMap<string, string>> {
    return this.#all;
  }

  /** Ask the server which there are. */
  async load(): Promise<void> {
    const files = await this.app()
      .api.listUserFiles(FOLDER)
      .catch((): readonly UserFile[] => []); // no folder yet
    this.#all.set(new Map(files.map((file) => [workflowOf(file.path), this.#urlOf(file)])));
  }

  /** Take a picture of a tab's workflow and keep it, if the workflow is stored. A failure costs a picture, nothing else. */
  async keep(tab: Tab): Promise<void> {
    const path = tab.editor.file.value;
    if (path === null) return;
    try {
      const { api } = this.app();
      const file = await api.writeUserFile(`${FOLDER}/${pictureOf(path)}`, await this.#take(tab));
      this.#all.update((all) => new Map(all).set(path, this.#urlOf({ ...file, path: pictureOf(path) })));
    } catch {
      // the picture from before stays
    }
  }

  /** A workflow, or a folder of them, has another path. */
  async move(from: string, to: string): Promise<void> {
    const { api } = this.app();
    const [source, target] = [pictureOf(from), pictureOf(to)];
    await api.moveUserFile(`${FOLDER}/${source}`, `${FOLDER}/${target}`, true).catch(() => {}); // it had none
    await this.load();
  }

  async remove(path: string): Promise<void> {
    await this.app()
      .api.deleteUserFile(`${FOLDER}/${pictureOf(path)}`)
      .catch(() => {}); // it had none
    this.#all.update((all) => new Map([...all].filter(([each]) => each !== path)));
  }

  async #take(tab: Tab): Promise<Blob> {
    const { api, runs } = this.app();
    const { smallPicture, smallDrawing } = await import('./picture/small.ts');
    const made = lastPicture(runs.of(tab.id).value);
    const picture = made && (await smallPicture(api.viewUrl(made, { preview: PREVIEW })).catch(() => null));
    return picture ?? smallDrawing(await drawingOf(this.app(), tab.editor.workflow, []));
  }

  #urlOf({ path, modified }: UserFile): string {
    return this.app().api.userFileUrl(`${FOLDER}/${path}`, String(modified));
  }
}

/** Return the picture that a run made last; one that was saved rather than a preview. */
function lastPicture({ outputs }: Pick<RunState, 'outputs'>): OutputFile | null {
  const pictures = [...outputs.values()].flatMap(({ files }) => files.filter(({ kind }) => kind === 'image'));
  return pictures.findLast(({ type }) => type === 'output') ?? pictures.at(-1) ?? null;
}

/** Return the picture's path for a workflow's; that of a folder is the same. */
function pictureOf(path: string): string {
  return path.replace(/\.json$/i, '.webp');
}

function workflowOf(path: string): string {
  return path.replace(/\.webp$/, '.json');
}
