/** The node types and commands that the user chose last, the newest first. */

import type { Json } from '../core/graph.ts';
import type { App } from './context.ts';
import type { Setting } from './settings.ts';

const MOST = 12;
const RECENT_NODES: Setting<readonly Json[]> = {
  id: 'Weft.Recent.Nodes',
  default: [],
  control: { kind: 'hidden' },
};

export function recentNodes(app: App): readonly string[] {
  return app.settings.of(RECENT_NODES).value.filter((each) => typeof each === 'string');
}

export function remember(app: App, type: string): void {
  app.settings
    .of(RECENT_NODES)
    .update((all) => [type, ...all.filter((each) => each !== type)].slice(0, MOST));
}
