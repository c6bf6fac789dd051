/** When the server asks for its token again (a session ended), the page goes to the log-in and comes back as it was. */

import type { App } from './context.ts';
import type { Drafts } from './drafts.ts';

const KEY = 'weft.loggedOut';
const LOOP_MS = 15_000; // a page that comes back sooner without a session would go in circles

/** Go there as soon as an answer says so. Returns what ends that. */
export function goToLogin({ api, dialogs, texts }: App, drafts: Pick<Drafts, 'save'>): () => void {
  const go = async (): Promise<void> => {
    if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < LOOP_MS) {
      dialogs.tell(texts.t('run.loggedOut'), 'error');
      return;
    }
    sessionStorage.setItem(KEY, String(Date.now()));
    await drafts.save();
    location.reload(); // the server sends pages without a session to its log-in, which leads back here
  };
  if (api.http.isLoggedOut.value) void go();
  return api.http.isLoggedOut.watch((isOut) => void (isOut && go()));
}
