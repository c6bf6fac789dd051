/**
 * Puts texts into the system's clipboard, also where pages may not write to it themselves (over plain HTTP from another
 * machine): there the browser is told to copy, and its event is answered.
 */

/** Copy texts by their types; `text/plain` among them. Returns whether it was done. */
export async function copyOut(texts: { readonly [type: string]: string }): Promise<boolean> {
  const blobs = Object.entries(texts).map(([type, text]) => [type, new Blob([text], { type })] as const);
  try {
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    return true;
  } catch {
    return copyByEvent(texts);
  }
}

function copyByEvent(texts: { readonly [type: string]: string }): boolean {
  let isDone = false;
  const fill = (event: ClipboardEvent): void => {
    if (event.clipboardData === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    for (const [type, text] of Object.entries(texts)) event.clipboardData.setData(type, text);
    isDone = true;
  };
  addEventListener('copy', fill, { capture: true, once: true });
  document.execCommand('copy'); // deprecated, and the only way there
  removeEventListener('copy', fill, { capture: true });
  return isDone;
}
