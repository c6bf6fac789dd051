/** Starts the scripts of packs and keeps them and the node types in step with the server's packs. */

import type { App } from '../app/context.ts';
import { loadSpecs } from '../app/specs.ts';
import type { Connection } from '../net/runs.ts';
import type { Problem } from './keeper.ts';
import { Loader, type LoaderParts } from './loader.ts';

/** The server's words for changed packs. */
const CHANGES = ['packs_changed', 'node_types_changed'] as const;
const AGAIN_AFTER_MS = 10_000; // what fails at every frame is told this often

/** Load scripts, and keep all in step from now on; returns what ends that. */
export function startExtensions(app: App): () => void {
  // from the page's folder on: this module lies in another one
  const load: LoaderParts['load'] = (url) =>
    import(/* @vite-ignore */ new URL(url, document.baseURI).href) as ReturnType<LoaderParts['load']>;
  const loader = new Loader(app, { load, tell: teller(app) });
  const look = (): void => void loader.refresh(); // whoever writes a script comes back from another window
  window.addEventListener('focus', look);
  const ends = [followPacks(app, loader), listenToErrors(loader)];
  return () => {
    window.removeEventListener('focus', look);
    for (const end of ends) end();
  };
}

/** Ask for packs and scripts now, and for node types too whenever packs have changed or the server is back. */
export function followPacks(app: App, loader: Pick<Loader, 'refresh'>): () => void {
  const { runs, packs } = app;
  const refresh = (): void => {
    void loader.refresh();
    void packs.refresh();
  };
  const onChange = (): void => {
    void loadSpecs(app).catch(() => {}); // the server went away again; its types stay as they were
    refresh();
  };
  let wasLost = false;
  const onConnection = (state: Connection): void => {
    if (state === 'open' && wasLost) onChange(); // it may be another server by now
    wasLost = state !== 'open' && (wasLost || state === 'lost');
  };
  const ends = [...CHANGES.map((type) => runs.listen(type, onChange)), runs.connection.watch(onConnection)];
  refresh();
  return () => ends.forEach((end) => end());
}

/** Tell what a script throws outside of what the editor asked of it: in its own listeners and timers. */
function listenToErrors(loader: Loader): () => void {
  const hear = (error: unknown, place: string): void => {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    loader.keeperAt(`${stack} ${place}`)?.report('its own work', error);
  };
  const onError = (event: ErrorEvent): void => hear(event.error ?? event.message, event.filename);
  const onRejection = (event: PromiseRejectionEvent): void => hear(event.reason, '');
  window.addEventListener('error', onError);
  window.addEventListener('unhandledrejection', onRejection);
  return () => {
    window.removeEventListener('error', onError);
    window.removeEventListener('unhandledrejection', onRejection);
  };
}

/** Return what tells a problem: shortly at once, and wholly in the log. */
function teller(app: App): (problem: Problem) => void {
  const told = new Map<string, number>();
  return ({ pack, file, line, sentence, doing, stack }) => {
    const place = line === null ? file : `${file}:${line}`;
    const text = app.texts.t('packs.script', { pack, place, sentence });
    const now = performance.now();
    if (now - (told.get(text) ?? -Infinity) < AGAIN_AFTER_MS) return;
    told.set(text, now);
    app.log.add(`ERROR ${pack}, ${place} (${doing}): ${sentence}\n${stack}`);
    const show = (): void => app.dialogs.panel.set('logs');
    app.dialogs.tell(text, 'error', { label: app.texts.t('common.show'), run: show });
  };
}
