/**
 * The id by which the server knows a window. A window that is loaded again keeps it, so that it goes on hearing of its
 * jobs; a window that is made as a copy of another (which copies what it keeps) gets its own, as only one of them would hear.
 */

const KEY = 'weft.client';

export function claimClientId(
  storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  window: { addEventListener(type: 'pagehide' | 'pageshow', listener: () => void): void },
  newId: () => string,
): string {
  try {
    const kept = storage();
    const id = kept.getItem(KEY) ?? newId();
    kept.removeItem(KEY); // while it is used here no copy can have it
    window.addEventListener('pagehide', () => kept.setItem(KEY, id));
    window.addEventListener('pageshow', () => kept.removeItem(KEY));
    return id;
  } catch {
    return newId(); // storage is forbidden
  }
}
