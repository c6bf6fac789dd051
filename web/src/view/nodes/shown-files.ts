/** What a node shows below its widgets: pictures of work in progress, what a run made, or the files that it loads. */

import type { GraphNode } from '../../core/graph.ts';
import { kindOf, type OutputFile } from '../../core/run-outputs.ts';
import type { NodeView } from '../../core/run-view.ts';
import type { NodeSpec } from '../../core/specs.ts';
import { readFile } from '../../widgets/files.ts';

export interface Shown {
  /** The address of a picture of work in progress. */
  readonly preview: string | null;
  readonly files: readonly OutputFile[];
  readonly texts: readonly string[];
  /** The widget that names the file, if the file is an input. */
  readonly source: string | null;
}

const PICTURE_LEAST = 100;
const PICTURE_MOST = 260;
const PICTURE_USUAL = 180;
const AUDIO = 40;
const TEXT = 64;
const FILE = 24;

/** Return what a node shows. */
export function shownOf(node: GraphNode, spec: NodeSpec | undefined, { preview, output }: NodeView): Shown {
  const [files, texts] = [output?.files ?? [], output?.texts ?? []];
  const source = files.length > 0 || preview !== null ? null : sourceOf(node, spec);
  return {
    preview,
    texts,
    files: source === null ? files : [inputFile(String(node.widgets[source]))],
    source,
  };
}

/** Return the height that it needs at least. aspect: width by height of the first picture, once that is known. */
export function heightFor({ preview, files, texts }: Shown, width: number, aspect: number | null): number {
  const hasPicture = preview !== null || files.some(({ kind }) => kind === 'image' || kind === 'video');
  const wanted = aspect === null ? PICTURE_USUAL : (width - 20) / aspect;
  const picture = hasPicture ? Math.min(PICTURE_MOST, Math.max(PICTURE_LEAST, wanted)) : 0;
  const audio = files.filter(({ kind }) => kind === 'audio').length * AUDIO;
  const others = files.filter(({ kind }) => kind === 'other').length * FILE;
  return Math.round(picture + audio + others + (texts.length > 0 ? TEXT : 0));
}

function inputFile(value: string): OutputFile {
  const file = readFile(value);
  return { ...file, kind: kindOf(file.filename) };
}

/** Return the name of the first widget of a file that is chosen and not given by a link. */
function sourceOf(node: GraphNode, spec: NodeSpec | undefined): string | null {
  const input = spec?.inputs.find(({ name, widget }) => {
    if (widget?.kind !== 'file' || widget.upload === 'file') return false;
    const isLinked = node.inputs.some((slot) => slot.widget === name && slot.link !== null);
    const value = node.widgets[name];
    return !isLinked && typeof value === 'string' && value !== '';
  });
  return input?.name ?? null;
}
