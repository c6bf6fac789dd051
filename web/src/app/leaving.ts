/** Has the browser ask before the page goes with changes that no draft could keep. */

import type { Tabs } from './tabs.ts';

export function leaving(tabs: Tabs): () => void {
  const ask = (event: BeforeUnloadEvent): void => {
    const isKept = globalThis.indexedDB !== undefined;
    if (!isKept && tabs.all.value.some((tab) => tab.editor.isUnsaved)) event.preventDefault();
  };
  addEventListener('beforeunload', ask);
  return () => removeEventListener('beforeunload', ask);
}
