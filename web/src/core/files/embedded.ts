/**
 * Workflows inside files: pictures (PNG, WebP, JPEG) and JSON.
 *
 *     const { toEdit } = await readEmbedded(file.name, new Uint8Array(await file.arrayBuffer()));
 *     readDocument(toEdit, specs);
 *
 * A picture may hold two documents: `prompt`, the API form of exactly what ran, and `workflow`, the editor's form.
 */

import { FormatError } from '../formats/fields.ts';
import { decoded, type Texts } from './bytes.ts';
import { isJpeg, readJpeg } from './jpeg.ts';
import { parseJson } from './json.ts';
import { isPng, readPng } from './png.ts';
import { isWebp, readWebp } from './webp.ts';

export interface Embedded {
  /** The API form of what ran; null if there is none. */
  readonly prompt: unknown;
  /** The editor's form; null if there is none. */
  readonly workflow: unknown;
  /** The document to open: the one with places and colours, else what ran. */
  readonly toEdit: unknown;
}

/** Return the documents of a file; a JSON file is its own. FormatError if there is none. */
export async function readEmbedded(name: string, bytes: Uint8Array): Promise<Embedded> {
  const found = await readTexts(bytes);
  if (found === null) {
    const document = parsed(jsonText(name, bytes), name);
    return { prompt: null, workflow: document, toEdit: document };
  }
  const { prompt, workflow } = documentsOf(found, name);
  const toEdit = workflow ?? prompt;
  if (toEdit === null) throw new FormatError(nothingIn(found, name));
  return { prompt, workflow, toEdit };
}

async function readTexts(bytes: Uint8Array): Promise<Texts | null> {
  if (isPng(bytes)) return readPng(bytes);
  if (isWebp(bytes)) return readWebp(bytes);
  return isJpeg(bytes) ? readJpeg(bytes) : null;
}

function jsonText(name: string, bytes: Uint8Array): string {
  const start = decoded(bytes.subarray(0, 64)).replace(/^[\ufeff\s]+/, '');
  if (/^[{[]/.test(start) || /\.json$/i.test(name)) return decoded(bytes);
  throw new FormatError(`${name}: this is neither a picture (PNG, WebP, JPEG) nor a workflow in JSON.`);
}

/** Parse both documents; one that is broken does not matter while the other is good. */
function documentsOf({ texts }: Texts, name: string): { prompt: unknown; workflow: unknown } {
  const problems: FormatError[] = [];
  const read = (kind: string): unknown => {
    const text = texts[kind];
    if (text === undefined || text === '') return null;
    try {
      return parsed(text, `${name}, ${kind}`);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      problems.push(error);
      return null;
    }
  };
  const documents = { prompt: read('prompt'), workflow: read('workflow') };
  const [problem] = problems;
  if (problem !== undefined && documents.prompt === null && documents.workflow === null) throw problem;
  return documents;
}

function parsed(text: string, place: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${place}: ${error.message}`, { cause: error });
  }
}

function nothingIn({ kind, isTruncated }: Texts, name: string): string {
  const end = isTruncated ? ' The picture is cut off; the rest may have held one.' : '';
  return (
    `${name}: this ${kind} picture holds no workflow. Programs that edit or send pictures often remove it; ` +
    `take the file as it was saved.${end}`
  );
}
