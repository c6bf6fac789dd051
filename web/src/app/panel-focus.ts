/** Where the keyboard goes when panels open and close. */

import type { App } from './context.ts';

/** Show a panel and go into it, to its search or to the panel as a whole. */
export function goToPanel({ dialogs }: App, id: string, part: 'panel' | 'search' = 'panel'): void {
  dialogs.panel.set(id);
  dialogs.panelFocus.set(part);
}

/** Show a panel and go into it, or close it and go back to the canvas. */
export function togglePanel(app: App, id: string): void {
  if (app.dialogs.panel.value !== id) return goToPanel(app, id);
  const isInside = document.activeElement?.closest('[data-panel]') != null;
  app.dialogs.panel.set(null);
  if (isInside) focusCanvas();
}

export function focusCanvas(): void {
  document.querySelector<HTMLElement>('#canvas [role="application"]')?.focus({ preventScroll: true });
}
