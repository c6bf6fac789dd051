/** Plain search in lists: every word must be in the text, whatever its case and accents. */

/** Return what says whether a text has all words of a query. */
export function matcher(query: string): (text: string) => boolean {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (text) => {
    const found = plain(text);
    return words.every((word) => found.includes(word));
  };
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
