/** Running, and ending what runs. */

import type { Command } from '../../core/commands.ts';
import { telling } from '../../running/job-actions.ts';
import { run, runSelected, selectedTargets } from '../../running/run.ts';
import type { App } from '../context.ts';
import { ON_CHANGE } from '../settings/run.ts';

const shown = (app: App) => app.tabs.current.value;
const hasJobs = ({ runs }: App): boolean => runs.queue.value.running !== null || hasWaiting({ runs });
const hasWaiting = ({ runs }: Pick<App, 'runs'>): boolean =>
  runs.queue.value.pending.length > 0 || runs.unsent.value.length > 0;

export const commands: readonly Command<App>[] = [
  {
    id: 'run.run',
    shortcut: 'Mod+Enter',
    run: async (app) => void (await run(app, shown(app))),
  },
  {
    id: 'run.front',
    shortcut: 'Mod+Shift+Enter',
    run: async (app) => void (await run(app, shown(app), { isFirst: true })),
  },
  {
    id: 'run.selected',
    shortcut: 'Alt+Enter',
    isEnabled: (app) => selectedTargets(app, shown(app)).length > 0,
    run: async (app) => void (await runSelected(app, shown(app))),
  },
  {
    id: 'run.onChange',
    shortcut: null,
    run: ({ settings }) => settings.of(ON_CHANGE).update((is) => !is),
  },
  {
    id: 'run.interrupt',
    shortcut: 'Mod+Alt+Enter',
    isEnabled: ({ runs }) => runs.queue.value.running !== null,
    run: (app) => telling(app, () => app.runs.interrupt()),
  },
  {
    id: 'run.cancelAll',
    shortcut: null,
    isEnabled: hasJobs,
    run: (app) => telling(app, () => app.runs.cancelAll()),
  },
  {
    id: 'run.pause',
    shortcut: null,
    run: (app) => telling(app, () => app.runs.pause(!app.runs.queue.value.isPaused)),
  },
  {
    id: 'run.free',
    shortcut: null,
    run: (app) => telling(app, () => app.api.free({ results: true })),
  },
];
