/**
 * Api: what the server can do, one method each. All errors are ApiError with the server's own sentence.
 *
 *     const api = new Api('');
 *     const job = await api.submit({ workflow, client_id });
 *     image.src = api.viewUrl({ filename, subfolder, type }, { preview: 'webp;80' });
 */

import type { Json, JsonObject } from '../core/graph.ts';
import type {
  EditorExtension,
  FileRef,
  Health,
  Job,
  JobChange,
  JobDocuments,
  JobPage,
  JobState,
  LogEntry,
  ModelFile,
  ModelFolder,
  NewJob,
  PackReport,
  QueueView,
  SystemStats,
  TemplateCategory,
  Uploaded,
  UploadOptions,
  UserEntry,
  UserFile,
  ViewOptions,
} from './api-types.ts';
import { Http, type Fetch } from './http.ts';

export { ApiError } from './http.ts';
export type * from './api-types.ts';

export class Api {
  readonly http: Http;

  /** base: what comes before `api/…`; '' is the folder of the page. */
  constructor(base: string, fetch?: Fetch) {
    this.http = new Http(base, fetch);
  }

  // Nodes and the server itself

  /** Node types as ComfyUI describes them; core/specs-read.ts reads them. */
  objectInfo(): Promise<JsonObject> {
    return this.http.json('object_info');
  }

  systemStats(): Promise<SystemStats> {
    return this.http.json('system_stats');
  }

  health(): Promise<Health> {
    return this.http.json('health');
  }

  features(): Promise<JsonObject> {
    return this.http.json('features');
  }

  async logs(): Promise<readonly LogEntry[]> {
    return (await this.http.json<{ readonly entries: readonly LogEntry[] }>('internal/logs/raw')).entries;
  }

  /** Have `logs` messages sent to a client's socket, or no more. */
  subscribeLogs(clientId: string, enabled: boolean): Promise<void> {
    return this.http.send('PATCH', 'internal/logs/subscribe', { clientId, enabled });
  }

  /** Let go of weights, and of kept results too. */
  free(what: { readonly results: boolean }): Promise<void> {
    return this.http.send('POST', 'free', { unload_models: true, free_memory: what.results });
  }

  /** The node packs and how they are; ApiError 404 from servers that do not tell. */
  async packs(): Promise<readonly PackReport[]> {
    return (await this.http.json<{ readonly packs: readonly PackReport[] }>('v1/packs')).packs;
  }

  /** The scripts that packs bring for this editor. */
  editorExtensions(): Promise<readonly EditorExtension[]> {
    return this.http.json('v1/editor-extensions');
  }

  /** The address of a file of theirs; another one for each version, as browsers keep modules. */
  editorExtensionUrl(pack: string, version: string, file: string): string {
    const parts = [pack, version, ...file.split('/')].map(encodeURIComponent);
    return this.http.url(`v1/editor-extensions/${parts.join('/')}`);
  }

  // Jobs

  submit(job: NewJob): Promise<Job> {
    return this.http.send('POST', 'v1/jobs', job);
  }

  /** Jobs of all states or of one, the newest first. */
  jobs(
    wanted: {
      readonly state?: JobState;
      readonly label?: string;
      /** Words of prompts, names of models, labels and names of files. */
      readonly text?: string;
      readonly limit?: number;
      readonly offset?: number;
    } = {},
  ): Promise<JobPage> {
    return this.http.json('v1/jobs', wanted);
  }

  job(id: string): Promise<Job> {
    return this.http.json(`v1/jobs/${id}`);
  }

  /** What a job runs. */
  jobDocuments(id: string): Promise<JobDocuments> {
    return this.http.json(`v1/jobs/${id}/workflow`);
  }

  changeJob(id: string, change: JobChange): Promise<Job> {
    return this.http.send('PATCH', `v1/jobs/${id}`, change);
  }

  cancelJob(id: string): Promise<Job> {
    return this.http.send('POST', `v1/jobs/${id}/cancel`);
  }

  cancelJobs(ids: readonly string[]): Promise<{ readonly cancelled: boolean }> {
    return this.http.send('POST', 'jobs/cancel', { job_ids: ids });
  }

  retryJob(id: string): Promise<Job> {
    return this.http.send('POST', `v1/jobs/${id}/retry`);
  }

  /** Forget a job that is over; files that it wrote stay. */
  forgetJob(id: string): Promise<void> {
    return this.http.send('DELETE', `v1/jobs/${id}`);
  }

  /** Forget all jobs that are over. */
  forgetAllJobs(): Promise<void> {
    return this.http.send('POST', 'history', { clear: true });
  }

  queue(): Promise<QueueView> {
    return this.http.json('v1/queue');
  }

  pauseQueue(paused: boolean): Promise<QueueView> {
    return this.http.send('PATCH', 'v1/queue', { paused });
  }

  // Files of the input, output and temp folders

  /** Return the address of a file; with `preview` (`webp;80`) a smaller picture of it. */
  viewUrl(file: FileRef, options: ViewOptions = {}): string {
    const { filename, subfolder, type } = file;
    return this.http.url('view', { filename, subfolder, type, ...options });
  }

  uploadImage(file: Blob, name: string, options: UploadOptions = {}): Promise<Uploaded> {
    return this.http.send('POST', 'upload/image', formOf(file, name, options));
  }

  /** Store a picture with the alpha of another: the mask that was painted on it. */
  uploadMask(mask: Blob, name: string, original: FileRef, options: UploadOptions = {}): Promise<Uploaded> {
    const form = formOf(mask, name, options);
    form.set('original_ref', JSON.stringify(original));
    return this.http.send('POST', 'upload/mask', form);
  }

  // Files and settings of the user. Names are as "workflows/portrait.json".

  listUserFiles(folder: string): Promise<readonly UserFile[]> {
    return this.http.json('userdata', { dir: folder, recurse: true, full_info: true });
  }

  /** All files and folders below a folder of the user. */
  listUserEntries(folder: string): Promise<readonly UserEntry[]> {
    return this.http.json('v2/userdata', { path: folder });
  }

  /** Return the address of a file of the user; `version` makes another one when it has changed. */
  userFileUrl(name: string, version: string): string {
    return this.http.url(userPath(name), { version });
  }

  async readUserFile(name: string): Promise<string> {
    return (await this.http.request(this.http.url(userPath(name)), {})).text();
  }

  /** Write a file; ApiError 409 if it is there and may not be replaced. */
  writeUserFile(name: string, content: string | Blob, mayReplace = true): Promise<UserFile> {
    const body = typeof content === 'string' ? new Blob([content]) : content;
    return this.http.send('POST', userPath(name), body, { overwrite: mayReplace, full_info: true });
  }

  deleteUserFile(name: string): Promise<void> {
    return this.http.send('DELETE', userPath(name));
  }

  /** Give a file or folder another name; ApiError 409 if that is taken and may not be replaced. */
  moveUserFile(name: string, to: string, mayReplace = false): Promise<UserFile> {
    const path = `${userPath(name)}/move/${encodeURIComponent(to)}`;
    return this.http.send('POST', path, undefined, { overwrite: mayReplace, full_info: true });
  }

  settings(): Promise<JsonObject> {
    return this.http.json('settings');
  }

  /** Change some settings; the others stay. */
  saveSettings(values: { readonly [id: string]: Json }): Promise<void> {
    return this.http.send('POST', 'settings', values);
  }

  // Templates and models

  templates(): Promise<readonly TemplateCategory[]> {
    return this.http.json('templates/index.json');
  }

  template(name: string): Promise<JsonObject> {
    return this.http.json(`templates/${encodeURIComponent(name)}.json`);
  }

  templatePictureUrl(name: string, subtype: string): string {
    return this.http.url(`templates/${encodeURIComponent(name)}-1.${subtype}`);
  }

  /** Example workflows of packs: names by pack. */
  packTemplates(): Promise<{ readonly [pack: string]: readonly string[] }> {
    return this.http.json('workflow_templates');
  }

  packTemplate(pack: string, name: string): Promise<JsonObject> {
    return this.http.json(`workflow_templates/${encodeURIComponent(pack)}/${encodeURIComponent(name)}.json`);
  }

  modelFolders(): Promise<readonly ModelFolder[]> {
    return this.http.json('experiment/models');
  }

  modelFiles(kind: string): Promise<readonly ModelFile[]> {
    return this.http.json(`experiment/models/${encodeURIComponent(kind)}`);
  }

  /** The address of a model's picture; 404 if it has none. */
  modelPictureUrl(kind: string, file: ModelFile): string {
    const name = file.name.split('/').map(encodeURIComponent).join('/');
    return this.http.url(`experiment/models/preview/${encodeURIComponent(kind)}/${file.pathIndex}/${name}`);
  }

  modelMetadata(kind: string, name: string): Promise<JsonObject> {
    return this.http.json(`view_metadata/${encodeURIComponent(kind)}`, { filename: name });
  }

  embeddings(): Promise<readonly string[]> {
    return this.http.json('embeddings');
  }
}

/** The server takes the whole name as one part of the path. */
function userPath(name: string): string {
  return `userdata/${encodeURIComponent(name)}`;
}

function formOf(file: Blob, name: string, options: UploadOptions): FormData {
  const form = new FormData();
  form.set('image', file, name);
  form.set('type', options.type ?? 'input');
  form.set('subfolder', options.subfolder ?? '');
  form.set('overwrite', String(options.overwrite ?? false));
  return form;
}
