/** How workflows are run. */

import type { Setting } from '../settings.ts';

/** How many jobs one run queues. */
export const BATCH: Setting<number> = { id: 'Weft.Run.Batch', default: 1, control: { kind: 'hidden' } };

/** Whether each change queues a run. */
export const ON_CHANGE: Setting<boolean> = {
  id: 'Weft.Run.OnChange',
  default: false,
  control: { kind: 'hidden' },
};

/** Whether seeds change before each run, so that what is shown is what ran, or after it, as in ComfyUI. */
export const SEEDS: Setting<string> = {
  id: 'Weft.Run.Seeds',
  default: 'after',
  control: { kind: 'choice', choices: ['after', 'before'] },
};

/** Whether the errors are shown when a run fails. */
export const SHOW_ERRORS: Setting<boolean> = {
  id: 'Weft.Run.ShowErrors',
  default: true,
  control: { kind: 'toggle' },
};

/** Whether the system tells that a run is over while the window is not looked at. */
export const NOTIFY: Setting<boolean> = {
  id: 'Weft.Run.Notify',
  default: false,
  control: { kind: 'toggle' },
};
