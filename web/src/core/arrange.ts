/**
 * Asks a worker to arrange a graph.
 *
 *     const places = await arrange(layoutRequest(editor.workflow, editor.path, null));
 *     editor.do('Arrange', (workflow) => applyLayout(workflow, editor.path, places));
 */

import type { LayoutRequest, Places } from './layout.ts';

/** Return where the boxes go. The worker, with the library it needs, is loaded now and ends with its answer. */
export async function arrange(request: LayoutRequest): Promise<Places> {
  const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise<Places>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<[string, readonly [number, number]][]>) =>
        resolve(new Map(data));
      worker.onerror = (event) => reject(new Error(`The graph could not be arranged: ${event.message}`));
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}
