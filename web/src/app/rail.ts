/** The panels at the side, in the order of their buttons. Each is loaded when it is first shown. */

import type { IconName } from '../ui/icons.ts';
import type { AnyComponent } from './dialogs.ts';

type Load = () => Promise<{ readonly default: AnyComponent }>;
const PANELS = import.meta.glob<{ readonly default: AnyComponent }>('../panels/*.svelte');

/** What else is loaded late: questions, what is shown large, and what pictures of the graph need. */
const OTHERS = import.meta.glob([
  '../ui/*Dialog.svelte',
  '../running/*Dialog.svelte',
  '../widgets/{Lightbox,MaskPainter}.svelte',
  './picture/*.ts',
  '../core/export-svg.ts',
]);

export interface RailPanel {
  /** Its texts are `panel.<id>`; the command that shows it is `panel.<id>`. */
  readonly id: string;
  readonly icon: IconName;
  readonly load: Load;
}

export const RAIL: readonly RailPanel[] = [
  panel('nodes', 'nodes', 'Nodes'),
  panel('workflows', 'folder', 'Files'),
  panel('templates', 'templates', 'Templates'),
  panel('models', 'models', 'Models'),
  panel('queue', 'queue', 'Queue'),
  panel('gallery', 'gallery', 'Gallery'),
  panel('outline', 'outline', 'Outline'),
  panel('app', 'app', 'AppView'),
  panel('errors', 'errors', 'Errors'),
  panel('logs', 'logs', 'Logs'),
].filter((each): each is RailPanel => each !== null);

/** Load all panels and dialogs, so that they are there at once, also while the server is away. Those that fail are loaded when shown. */
export async function preloadPanels(): Promise<void> {
  await Promise.allSettled([...Object.values(PANELS), ...Object.values(OTHERS)].map((load) => load()));
}

function panel(id: string, icon: IconName, file: string): RailPanel | null {
  const load = PANELS[`../panels/${file}.svelte`];
  return load === undefined ? null : { id, icon, load };
}
