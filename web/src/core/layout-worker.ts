/** The worker that arranges graphs, so that the editor stays quick meanwhile. */

import { layout } from './layout-dagre.ts';
import type { LayoutRequest } from './layout.ts';

self.addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  self.postMessage([...layout(data)]);
});
