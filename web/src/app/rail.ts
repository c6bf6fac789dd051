/** The panels at the side, in the order of their buttons. Each is loaded when it is first shown. */

import type { AnyIcon, IconName } from '../ui/icons.ts';
import type { AnyComponent } from './dialogs.ts';

type Load = () => Promise<{ readonly default: AnyComponent }>;
const PANELS = import.meta.glob<{ readonly default: AnyComponent }>('../panels/*.svelte');

export interface RailPanel {
  /** Its texts are `panel.<id>`; the command that shows it is `panel.<id>`. */
  readonly id: string;
  readonly icon: AnyIcon;
  readonly load: Load;
  /** What the component is given. */
  readonly props?: { readonly [name: string]: unknown };
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
  panel('packs', 'packs', 'Packs'),
  panel('logs', 'logs', 'Logs'),
].filter((each): each is RailPanel => each !== null);

/** Load all panels, so that they are there at once, also while the server is away. Those that fail are loaded when shown. */
export async function preloadPanels(): Promise<void> {
  await Promise.allSettled(Object.values(PANELS).map((load) => load()));
}

function panel(id: string, icon: IconName, file: string): RailPanel | null {
  const load = PANELS[`../panels/${file}.svelte`];
  return load === undefined ? null : { id, icon, load };
}
