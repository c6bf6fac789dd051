/** Sends files to the server for widgets. */

import type { App } from '../app/context.ts';
import type { WidgetSpec } from '../core/specs.ts';
import { withFile, writeFile } from './files.ts';

/** Put a file into the input folder and return the value that names it; null if the user was told why not. */
export async function upload(app: App, file: File, kind: WidgetSpec['upload']): Promise<string | null> {
  try {
    const { name, subfolder, type } = await app.api.uploadImage(file, file.name || 'pasted.png');
    const value = writeFile({ filename: name, subfolder, type });
    app.specs.update((specs) => withFile(specs, kind, value));
    return value;
  } catch (error) {
    app.dialogs.tell(error instanceof Error ? error.message : String(error), 'error');
    return null;
  }
}
