/**
 * Runs on change: when what the workflow does has changed and then rests for a moment, it is queued; while a job of it
 * waits or runs, the newest state is queued when that is over, so that a slider that is dragged makes no long queue.
 */

import type { App } from '../app/context.ts';
import { ON_CHANGE } from '../app/settings/run.ts';
import type { Tab } from '../app/tabs.ts';
import type { Workflow } from '../core/graph.ts';
import { runsTheSame } from '../core/run-meaning.ts';
import { run, SEEDS_STEP } from './run.ts';

const REST_MS = 400;

/** Watch the tab that is shown for as long as the user wants it; returns what ends that. */
export function autoRun(app: App): () => void {
  let stop = (): void => {};
  const isWanted = app.settings.of(ON_CHANGE);
  const restart = (): void => {
    stop();
    stop = isWanted.value ? watchTab(app, app.tabs.current.value) : () => {};
  };
  const ends = [isWanted.watch(restart), app.tabs.current.watch(restart), () => stop()];
  restart();
  return () => ends.forEach((end) => end());
}

function watchTab(app: App, tab: Tab): () => void {
  const { history } = tab.editor;
  const runs = app.runs.of(tab.id);
  let sent: Workflow = tab.editor.workflow;
  let seen = sent;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const act = (): void => {
    const { phase } = runs.value;
    if (phase === 'queued' || phase === 'running' || runsTheSame(sent, tab.editor.workflow)) return;
    sent = tab.editor.workflow;
    void run(app, tab, { count: 1, isQuiet: true });
  };
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(act, REST_MS);
  };
  const look = (): void => {
    const { workflow, name } = history.present.value;
    if (name === SEEDS_STEP && runsTheSame(sent, seen)) sent = workflow; // no change of the user's
    seen = workflow;
    wait();
  };
  const ends = [history.present.watch(look), runs.watch(wait), () => clearTimeout(timer)];
  return () => ends.forEach((end) => end());
}
