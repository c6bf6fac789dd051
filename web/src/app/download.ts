/** Gives files to the browser and asks it for files. */

import type { Documents } from './documents.ts';

/** Have the browser save some bytes under a name. */
export function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser reads it a little later
}

/** Ask for files of this machine; [] if the user changed their mind. */
export function pickFiles(accept: string): Promise<readonly File[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = accept;
  input.multiple = true;
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve([...(input.files ?? [])]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}

/** Ask for files of this machine that hold workflows, and open them. */
export async function openLocal(documents: Documents): Promise<void> {
  for (const file of await pickFiles('.json,.png,.webp,.jpg,.jpeg')) await documents.openFile(file);
}
