/** What the server sends and takes, as net/api.ts hands it on. Times are in milliseconds since 1970 unless a name says else. */

import type { Json, JsonObject } from '../core/graph.ts';

export type JobState = 'pending' | 'in_progress' | 'completed' | 'failed' | 'cancelled';

/** A file that /view shows: of the output, input or temp folder. */
export interface FileRef {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

/** What is wrong with one node of a workflow that was refused. */
export interface NodeProblem {
  readonly type: string;
  readonly message: string;
  /** The sentence to show. */
  readonly details: string;
  readonly extra_info?: { readonly input_name?: string; readonly sentence?: string };
}

export interface NodeProblems {
  readonly errors: readonly NodeProblem[];
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

export type NodeErrors = { readonly [node: string]: NodeProblems };

/** Why a run ended: the data of execution_error. */
export interface RunErrorData {
  readonly node_id?: string;
  readonly node_type?: string;
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly traceback?: readonly string[];
  readonly current_inputs?: Json;
}

/** A job as /api/v1/jobs describes it. What has its usual value is left out. */
export interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly created_ms: number;
  readonly priority?: number;
  readonly labels?: readonly string[];
  readonly node_count?: number;
  readonly attempts?: number;
  /** Among those that wait, 0 is next. */
  readonly place?: number;
  /** Which node runs now. */
  readonly node?: string;
  readonly client_id?: string;
  /** The `id` of the editor's document. */
  readonly workflow_id?: string;
  readonly started_ms?: number;
  readonly ended_ms?: number;
  readonly outputs?: { readonly [node: string]: JsonObject };
  readonly error?: RunErrorData;
  readonly node_errors?: NodeErrors;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  readonly total: number;
}

export interface QueueView {
  readonly paused: boolean;
  readonly running: Job | null;
  readonly pending: readonly Job[];
}

export interface NewJob {
  /** An editor's document or an API document. */
  readonly workflow: JsonObject;
  /** The nodes to run to; all output nodes if left out. */
  readonly outputs?: readonly string[];
  readonly priority?: number;
  readonly labels?: readonly string[];
  readonly client_id?: string;
  /** A UUID; the same one twice is refused, so that sending again is safe. */
  readonly id?: string;
  readonly extra_data?: JsonObject;
}

export interface JobChange {
  readonly priority?: number;
  readonly labels?: readonly string[];
  /** Where it stands among those that wait, 0 is next. */
  readonly place?: number;
}

export interface JobDocuments {
  /** The API document. */
  readonly prompt: JsonObject;
  /** Holds the editor's document as extra_pnginfo.workflow, if it was sent. */
  readonly extra_data: JsonObject;
}

/** A file of the user. */
export interface UserFile {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly created: number;
}

export interface UserEntry {
  readonly name: string;
  readonly path: string;
  readonly type: 'file' | 'directory';
  readonly size?: number;
  /** In seconds since 1970. */
  readonly modified?: number;
}

/** Where an upload is: what file widgets hold is `subfolder/name`. */
export interface Uploaded {
  readonly name: string;
  readonly subfolder: string;
  readonly type: string;
}

export interface UploadOptions {
  readonly type?: 'input' | 'temp' | 'output';
  readonly subfolder?: string;
  readonly overwrite?: boolean;
}

export interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mediaType: string;
  /** The end of its picture's name: `NAME-1.webp`. */
  readonly mediaSubtype: string;
}

export interface TemplateCategory {
  readonly moduleName: string;
  readonly title: string;
  readonly templates: readonly Template[];
}

/** Times in seconds since 1970. */
export interface ModelFile {
  readonly name: string;
  readonly pathIndex: number;
  readonly modified: number;
  readonly created: number;
  readonly size: number;
}

export interface ModelFolder {
  readonly name: string;
  readonly folders: readonly string[];
  readonly extensions: readonly string[];
}

export interface Device {
  readonly name: string;
  readonly type: string;
  readonly index?: number | null;
  readonly vram_total: number;
  readonly vram_free: number;
}

export interface SystemStats {
  readonly system: JsonObject & { readonly weft_version?: string };
  readonly devices: readonly Device[];
}

export interface Health {
  readonly status: string;
  readonly worker: string;
  readonly queue_remaining: number;
  readonly version: string;
}

export interface LogEntry {
  /** ISO time. */
  readonly t: string;
  readonly m: string;
}

/** How a picture is wanted: encoded smaller, or one channel of it. */
export interface ViewOptions {
  readonly preview?: string;
  readonly channel?: 'rgba' | 'rgb' | 'a';
}

/** A node pack. */
export interface PackReport {
  readonly name: string;
  readonly path: string;
  readonly version: string | null;
  /** What it is written for. */
  readonly kind: 'weft' | 'comfyui';
  readonly state: 'loaded' | 'partly' | 'failed' | 'disabled' | 'loading';
  /** How long loading took. */
  readonly seconds: number;
  /** Node types that it brings. */
  readonly nodes: readonly string[];
  readonly problems: readonly PackProblem[];
  readonly notes: readonly string[];
}

export interface PackProblem {
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  /** What could be done; '' if nothing is known. */
  readonly remedy: string;
  /** '' if nothing was raised. */
  readonly traceback: string;
}

/** A pack's scripts for this editor. */
export interface EditorExtension {
  readonly pack: string;
  readonly version: string;
  readonly scripts: readonly string[];
}
