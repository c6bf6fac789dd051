/**
 * Files as widgets name them: `folder/name.png`, with ` [output]` or ` [temp]` behind it for another folder than input.
 *
 *     readFile('masks/a.png [output]'); // { filename: 'a.png', subfolder: 'masks', type: 'output' }
 */

import type { NodeSpec, Specs, WidgetSpec } from '../core/specs.ts';
import type { FileRef } from '../net/api.ts';

const ANNOTATED = /^(.*) \[(input|output|temp)\]$/;

/** Return the file that a value names. */
export function readFile(value: string): FileRef {
  const found = ANNOTATED.exec(value);
  const [path, type] = [found?.[1] ?? value, found?.[2] ?? 'input'];
  const at = path.lastIndexOf('/');
  return { filename: path.slice(at + 1), subfolder: at < 0 ? '' : path.slice(0, at), type };
}

/** Return the value that names a file. */
export function writeFile({ filename, subfolder, type }: FileRef): string {
  const path = subfolder === '' ? filename : `${subfolder}/${filename}`;
  return type === 'input' ? path : `${path} [${type}]`;
}

/** Whether a value says itself which folder it is in; lists of choices hold none of these. */
export function isAnnotated(value: unknown): boolean {
  return typeof value === 'string' && ANNOTATED.test(value);
}

/** What a file picker offers for an upload. */
export function acceptOf(upload: WidgetSpec['upload']): string {
  return upload === null || upload === 'file' ? '' : `${upload}/*`;
}

/** Return the file of some that were dropped or pasted that a widget takes. */
export function fitting(files: Iterable<File>, upload: WidgetSpec['upload']): File | undefined {
  return [...files].find(
    (file) => upload === 'file' || (upload !== null && file.type.startsWith(`${upload}/`)),
  );
}

/** Return node types that offer one more file wherever files of its kind are chosen. */
export function withFile(specs: Specs, upload: WidgetSpec['upload'], value: string): Specs {
  const inSpec = (spec: NodeSpec): NodeSpec => {
    const takes = spec.inputs.some(
      ({ widget }) => widget?.upload === upload && !widget.choices.includes(value),
    );
    if (!takes) return spec;
    const inputs = spec.inputs.map((input) => {
      const { widget } = input;
      if (widget === null || widget.upload !== upload || widget.choices.includes(value)) return input;
      return { ...input, widget: { ...widget, choices: [...widget.choices, value] } };
    });
    return { ...spec, inputs };
  };
  return new Map([...specs].map(([type, spec]) => [type, inSpec(spec)]));
}
