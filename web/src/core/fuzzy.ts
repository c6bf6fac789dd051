/**
 * Fuzzy matching of a typed text against a name: whole words before starts of words, these before initials (`cte` for
 * CLIP Text Encode), parts of words, scattered letters and one wrong letter.
 *
 *     fuzzy('ksam', 'KSampler (Advanced)'); // { score: 0.9…, marks: [0, 1, 2, 3] }
 */

export interface Match {
  /** From 0 to 1. */
  readonly score: number;
  /** Which letters of the name matched, to show them. */
  readonly marks: readonly number[];
}

const WHOLE = 1;
const START = 0.9;
const WORD = 0.86;
const WORD_START = 0.8;
const INITIALS = 0.7;
const INSIDE = 0.6;
const SCATTERED = 0.5; // at most: less for each gap
const TYPO = 0.35;
const LEAST_FOR_TYPO = 5; // letters
const WIDEST = 3; // times the letters that scattered ones may span

/** Return how well a name answers a query, all of whose words must match; null if one does not. */
export function fuzzy(query: string, name: string): Match | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return { score: 0, marks: [] };
  const whole = words.length > 1 ? matchWord(words.join(' '), name) : null;
  if (whole !== null && whole.score >= INSIDE) return whole;
  const matches = words.map((word) => matchWord(word, name));
  if (matches.some((match) => match === null)) return null;
  const found = matches.filter((match) => match !== null);
  const marks = new Set(found.flatMap((match) => match.marks));
  const score = found.reduce((sum, match) => sum + match.score, 0) / found.length;
  return { score, marks: [...marks].sort((one, other) => one - other) };
}

/** Return how well a name answers one word in lower case; null if not at all. */
export function matchWord(word: string, name: string): Match | null {
  const text = name.toLowerCase();
  const starts = wordStarts(name);
  return (
    matchPart(word, text, starts) ??
    matchInitials(word, text, starts) ??
    matchScattered(word, text) ??
    matchTypo(word, text, starts)
  );
}

function matchPart(word: string, text: string, starts: readonly number[]): Match | null {
  const start = starts.find((at) => text.startsWith(word, at));
  const at = start ?? text.indexOf(word);
  if (at < 0) return null;
  const marks = range(at, at + word.length);
  const share = word.length / text.length; // the shorter name is meant more likely
  if (start === undefined) return { score: INSIDE + 0.05 * share, marks };
  if (word.length === text.length) return { score: WHOLE, marks };
  const isWord = !/[\p{L}\p{N}]/u.test(text.charAt(at + word.length));
  const score = at === 0 ? START : isWord ? WORD : WORD_START;
  return { score: score + 0.05 * share + (at === 0 && isWord ? 0.04 : 0), marks };
}

/** Letters that each begin a word, in order, with no word of the first ones left out before them. */
function matchInitials(word: string, text: string, starts: readonly number[]): Match | null {
  if (word.length < 2) return null;
  const marks: number[] = [];
  for (const at of starts) if (text.charAt(at) === word.charAt(marks.length)) marks.push(at);
  if (marks.length < word.length) return null;
  return { score: INITIALS + 0.05 * (word.length / starts.length), marks: marks.slice(0, word.length) };
}

function matchScattered(word: string, text: string): Match | null {
  if (word.length < 3) return null;
  let best: number[] | null = null;
  for (let at = text.indexOf(word.charAt(0)); at >= 0; at = text.indexOf(word.charAt(0), at + 1)) {
    const marks = lettersFrom(word, text, at);
    if (marks === null) break;
    if (best === null || spanOf(marks) < spanOf(best)) best = marks;
  }
  if (best === null || spanOf(best) > WIDEST * word.length) return null;
  return { score: SCATTERED * (word.length / spanOf(best)), marks: best };
}

function lettersFrom(word: string, text: string, start: number): number[] | null {
  const marks: number[] = [];
  let at = start - 1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return null;
    marks.push(at);
  }
  return marks;
}

/** One letter wrong, missing, too many or swapped with the next, at the start of a word. */
function matchTypo(word: string, text: string, starts: readonly number[]): Match | null {
  if (word.length < LEAST_FOR_TYPO) return null;
  for (const at of starts) {
    const lengths = [word.length, word.length - 1, word.length + 1];
    const length = lengths.find((count) => isOneApart(word, text.slice(at, at + count)));
    if (length !== undefined) return { score: TYPO, marks: range(at, at + length) };
  }
  return null;
}

function isOneApart(word: string, other: string): boolean {
  let start = 0;
  while (start < word.length && word[start] === other[start]) start += 1;
  const [left, right] = [word.slice(start), other.slice(start)];
  if (left.length === right.length) {
    const isSwapped = left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2);
    return isSwapped || left.slice(1) === right.slice(1);
  }
  return left.slice(1) === right || left === right.slice(1);
}

/** Return where words begin: behind signs, at humps (`KSampler`: K, S) and at numbers. */
function wordStarts(name: string): number[] {
  const starts: number[] = [];
  for (let at = 0; at < name.length; at += 1) {
    const [before, letter] = [name.charAt(at - 1), name.charAt(at)];
    if (!/[\p{L}\p{N}]/u.test(letter)) continue;
    const isFirst = at === 0 || !/[\p{L}\p{N}]/u.test(before);
    const isHump = /\p{Lu}/u.test(letter) && (/\p{Ll}/u.test(before) || /\p{Ll}/u.test(name.charAt(at + 1)));
    const isNumber = /\p{N}/u.test(letter) && !/\p{N}/u.test(before);
    if (isFirst || isHump || isNumber) starts.push(at);
  }
  return starts;
}

function spanOf(marks: readonly number[]): number {
  return (marks.at(-1) ?? 0) - (marks[0] ?? 0) + 1;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
