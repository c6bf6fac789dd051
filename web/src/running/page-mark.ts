/** What the browser's tab tells of the run: the title names how far it is, the icon has a dot while it runs or failed. */

import type { App } from '../app/context.ts';
import { progressOf } from '../core/run-progress.ts';
import type { RunPhase } from '../core/run-state.ts';

const SIDE = 32;
const DOTS: { readonly [phase in RunPhase]?: string } = { running: '--accent', failed: '--danger' };

/** Keep title and icon as the job that runs is, or as the tab that is shown ended; returns what ends that. */
export function markPage(app: App): () => void {
  const link = iconLink();
  const plain = link.href;
  let shown: RunPhase | null = null;
  const draw = (): void => {
    const phase = phaseOf(app);
    document.title = titleOf(app);
    if (phase === shown) return;
    shown = phase;
    link.href = iconWith(DOTS[phase]) ?? plain;
  };
  return watching(app, draw);
}

/** Call a function at each change of what runs and of the tab that is shown. */
function watching(app: App, draw: () => void): () => void {
  const { runs, tabs } = app;
  let inner: readonly (() => void)[] = [];
  const follow = (): void => {
    for (const end of inner) end();
    const { id, name } = tabs.current.value;
    const ids = new Set([id, runningTab(app) ?? id]);
    inner = [name.watch(draw), ...[...ids].map((tab) => runs.of(tab).watch(draw))];
    draw();
  };
  const outer = [tabs.current.watch(follow), runs.queue.watch(follow)];
  follow();
  return () => [...inner, ...outer].forEach((end) => end());
}

function runningTab({ runs }: App): string | null {
  const job = runs.queue.value.running;
  return job === null ? null : runs.ownerOf(job.id);
}

function phaseOf(app: App): RunPhase {
  const { runs, tabs } = app;
  return runs.queue.value.running === null ? runs.of(tabs.current.value.id).value.phase : 'running';
}

function titleOf(app: App): string {
  const { runs, tabs, texts } = app;
  const tab = runningTab(app);
  const fraction = tab === null ? null : progressOf(runs.of(tab).value).fraction;
  const percent = fraction === null ? [] : [`${Math.floor(fraction * 100)}%`];
  return [...percent, tabs.current.value.name.value, texts.t('app.name')].join(' · ');
}

function iconLink(): HTMLLinkElement {
  const found = document.querySelector<HTMLLinkElement>('link[rel~="icon"]');
  if (found !== null) return found;
  const link = document.createElement('link');
  link.rel = 'icon';
  link.href = drawn(null);
  document.head.append(link);
  return link;
}

function iconWith(colour: string | undefined): string | null {
  if (colour === undefined) return null;
  return drawn(getComputedStyle(document.documentElement).getPropertyValue(colour).trim());
}

/** Draw the sign of the project, threads that cross, with a dot. */
function drawn(dot: string | null): string {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext('2d') as CanvasRenderingContext2D;
  pen.lineWidth = 4;
  pen.lineCap = 'round';
  pen.strokeStyle = '#6ea8fe';
  pen.stroke(new Path2D('M4 10C12 10 12 22 20 22H28M4 22C12 22 12 10 20 10H28'));
  if (dot !== null) {
    pen.fillStyle = dot;
    pen.beginPath();
    pen.arc(24, 24, 7, 0, 2 * Math.PI);
    pen.fill();
  }
  return canvas.toDataURL();
}
