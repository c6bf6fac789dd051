/** What nodes show when they are done, read from ComfyUI's `ui` objects: files by kind, and texts. */

import { isNumber } from './exact.ts';
import type { Json, JsonObject } from './graph.ts';

export type FileKind = 'image' | 'video' | 'audio' | 'other';

export interface OutputFile {
  readonly kind: FileKind;
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

export interface NodeOutput {
  readonly files: readonly OutputFile[];
  readonly texts: readonly string[];
  /** As the server sent it, for widgets that know more. */
  readonly raw: JsonObject;
  /** The job that it came from. */
  readonly job: string;
}

const KINDS: { readonly [end: string]: FileKind } = {
  ...ends('image', 'png jpg jpeg webp gif bmp avif jxl tif tiff'),
  ...ends('video', 'mp4 webm mkv mov m4v avi'),
  ...ends('audio', 'wav mp3 flac ogg opus m4a aac'),
};

/** Return what a node shows. Whatever is a list of files is one; whatever is a list of texts too. */
export function readOutput(ui: JsonObject, job: string): NodeOutput {
  const items = Object.entries(ui).flatMap(([key, value]) =>
    Array.isArray(value) ? value.map((item: Json) => ({ key, item })) : [],
  );
  return {
    files: items.flatMap(({ key, item }) => fileOf(key, item) ?? []),
    texts: items.flatMap(({ key, item }) => (key === 'text' && isPlain(item) ? [String(item)] : [])),
    raw: ui,
    job,
  };
}

/** Return what kind of file a name means. */
export function kindOf(filename: string, key = ''): FileKind {
  const end = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase();
  return (
    KINDS[end] ??
    (key === 'images' ? 'image' : key === 'audio' ? 'audio' : key === 'video' ? 'video' : 'other')
  );
}

function fileOf(key: string, item: Json): OutputFile | null {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return null;
  const { filename, subfolder, type } = item as JsonObject;
  if (typeof filename !== 'string' || filename === '') return null;
  return {
    kind: kindOf(filename, key),
    filename,
    subfolder: typeof subfolder === 'string' ? subfolder : '',
    type: typeof type === 'string' ? type : 'output',
  };
}

function isPlain(item: Json): item is string | number | bigint | boolean {
  return typeof item === 'string' || isNumber(item) || typeof item === 'boolean';
}

function ends(kind: FileKind, names: string): { readonly [end: string]: FileKind } {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}
