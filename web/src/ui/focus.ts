/** Keyboard focus inside dialogs and menus. */

const REACHABLE =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

/** Return what Tab reaches inside an element, in order. */
export function reachable(root: HTMLElement): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(REACHABLE)].filter((each) => each.offsetParent !== null);
}

/** Keep Tab inside an element while it is there, and give the focus back afterwards. An attachment. */
export function keepFocus(root: HTMLElement): () => void {
  const before = document.activeElement;
  const first = root.querySelector<HTMLElement>('[data-autofocus]') ?? root;
  if (!root.contains(document.activeElement)) first.focus();
  const onTab = (event: KeyboardEvent): void => {
    if (event.key !== 'Tab') return;
    const all = reachable(root);
    const [start, end] = [all[0], all.at(-1)];
    const { activeElement: now } = document;
    if (event.shiftKey ? now === start || now === root : now === end) {
      event.preventDefault();
      (event.shiftKey ? end : start)?.focus();
    }
  };
  root.addEventListener('keydown', onTab, { capture: true });
  return () => {
    root.removeEventListener('keydown', onTab, { capture: true });
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
}
