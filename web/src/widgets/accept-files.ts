/** Lets files be dropped on an element and pasted into it. An attachment; marked `data-dropping` while one is over it. */

import type { Attachment } from 'svelte/attachments';
import type { WidgetSpec } from '../core/specs.ts';
import { fitting } from './files.ts';

export interface FileTaker {
  /** What is taken; null: nothing now. */
  readonly kind: () => WidgetSpec['upload'];
  readonly onfile: (file: File) => void;
}

export function acceptFiles({ kind, onfile }: FileTaker): Attachment<HTMLElement> {
  return (element) => {
    const listeners = new AbortController();
    const { signal } = listeners;
    const mark = (isOver: boolean): void => void element.toggleAttribute('data-dropping', isOver);
    const take = (event: Event, data: DataTransfer | null): void => {
      mark(false);
      const file = fitting(data?.files ?? [], kind());
      if (file === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      onfile(file);
    };
    const over = (event: DragEvent): void => {
      if (kind() === null || event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      mark(true);
    };
    element.addEventListener('dragover', over, { signal });
    element.addEventListener('dragleave', () => mark(false), { signal });
    element.addEventListener('drop', (event) => take(event, event.dataTransfer), { signal });
    element.addEventListener('paste', (event) => take(event, event.clipboardData), { signal });
    return () => listeners.abort();
  };
}
