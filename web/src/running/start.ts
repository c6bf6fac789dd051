/** Starts what goes on by itself: the connection, running on change, what the browser's tab and the system tell. */

import type { App } from '../app/context.ts';
import { NOTIFY, SHOW_ERRORS } from '../app/settings/run.ts';
import type { Ending } from '../net/runs.ts';
import { autoRun } from './auto-run.ts';
import { markPage } from './page-mark.ts';

/** Start it; returns what ends it. */
export function startRunning(app: App): () => void {
  const { runs } = app;
  const hurry = (): void => runs.hurry();
  const onVisible = (): void => {
    if (!document.hidden) hurry();
  };
  addEventListener('online', hurry);
  document.addEventListener('visibilitychange', onVisible);
  const ends = [runs.onEnd((ending) => tellEnd(app, ending)), forgetClosed(app), autoRun(app), markPage(app)];
  runs.start();
  return () => {
    removeEventListener('online', hurry);
    document.removeEventListener('visibilitychange', onVisible);
    for (const end of ends) end();
    runs.stop();
  };
}

/** Forget the runs of tabs that are closed. */
function forgetClosed({ tabs, runs }: App): () => void {
  let open = tabs.all.value;
  return tabs.all.watch((now) => {
    for (const { id } of open) if (!now.some((tab) => tab.id === id)) runs.forget(id);
    open = now;
  });
}

function tellEnd(app: App, { tab, phase }: Ending): void {
  const { texts, tabs, dialogs, settings } = app;
  const name = tabs.all.value.find(({ id }) => id === tab)?.name.value;
  if (phase === 'done') keepPicture(app, tab);
  if (name === undefined || (phase !== 'done' && phase !== 'failed')) return;
  if (phase === 'failed') {
    const show = (): void => dialogs.panel.set('errors');
    dialogs.tell(texts.t('run.failed', { name }), 'error', { label: texts.t('common.show'), run: show });
    if (settings.of(SHOW_ERRORS).value && tabs.current.value.id === tab) show();
  }
  if (document.hidden && settings.of(NOTIFY).value) void notify(texts.t(`run.${phase}`, { name }));
}

/** What a stored workflow made last is its picture, unless it is another workflow by now. */
function keepPicture({ tabs, thumbnails }: App, id: string): void {
  const tab = tabs.all.value.find((each) => each.id === id);
  if (tab !== undefined && !tab.editor.isUnsaved) void thumbnails.keep(tab);
}

/** Tell through the system, if the user lets us. */
async function notify(text: string): Promise<void> {
  if (!('Notification' in window)) return;
  const answer =
    Notification.permission === 'default' ? await Notification.requestPermission() : Notification.permission;
  if (answer === 'granted') new Notification(text);
}
