/**
 * Weights in prompts: `(word:1.1)` is stressed, `(word:0.9)` the opposite, `(word)` is short for 1.1; they nest.
 *
 *     changeWeight('a red fox', 3, 3, 0.1); // { text: 'a (red:1.1) fox', start: 3, end: 6 }
 */

export interface Edited {
  readonly text: string;
  /** What is selected afterwards. */
  readonly start: number;
  readonly end: number;
}

const PLAIN = 1.1; // what parentheses without a number mean
const BREAKS = /[\s,.;:!?|(){}[\]<>"]/;

interface Group {
  /** Of the opening parenthesis. */
  readonly open: number;
  /** Behind the text inside, before the weight. */
  readonly inner: number;
  /** Behind the closing parenthesis. */
  readonly close: number;
  readonly weight: number;
}

/**
 * Change the weight of the selected text, or, where nothing is selected, of the innermost parentheses with a number
 * around the cursor, else of the word there. Null if there is nothing to weigh.
 */
export function changeWeight(text: string, start: number, end: number, by: number): Edited | null {
  const groups = groupsOf(text);
  const chosen = start === end ? atCursor(text, groups, start) : trimmed(text, start, end);
  if (chosen === null) return null;
  const [from, to] = chosen;
  const group = groups.find(({ open, inner, close }) => isAt(from, to, open, inner, close));
  if (group === undefined) return wrapped(text, from, to, rounded(1 + by));
  return reweighted(text, group, rounded(group.weight + by));
}

/** Whether a selection is all that a group holds, or the whole group. */
function isAt(from: number, to: number, open: number, inner: number, close: number): boolean {
  return (from === open + 1 && to === inner) || (from === open && to === close);
}

function wrapped(text: string, start: number, end: number, weight: number): Edited {
  const before = `${text.slice(0, start)}(`;
  const inner = text.slice(start, end);
  const after = `:${weight})${text.slice(end)}`;
  return { text: before + inner + after, start: before.length, end: before.length + inner.length };
}

/** Return the text with another weight for a group; without the parentheses if that is 1. */
function reweighted(text: string, group: Group, weight: number): Edited {
  const inner = text.slice(group.open + 1, group.inner);
  const rest = text.slice(group.close);
  const before = text.slice(0, group.open);
  if (weight !== 1) return wrapped(before + inner + rest, group.open, group.open + inner.length, weight);
  return { text: before + inner + rest, start: group.open, end: group.open + inner.length };
}

function rounded(weight: number): number {
  return Math.round(weight * 100) / 100;
}

function trimmed(text: string, start: number, end: number): [number, number] | null {
  const chosen = text.slice(start, end);
  const from = start + chosen.length - chosen.trimStart().length;
  return chosen.trim() === '' ? null : [from, from + chosen.trim().length];
}

function atCursor(text: string, groups: readonly Group[], at: number): [number, number] | null {
  const around = groups
    .filter(({ open, inner, close }) => open < at && at < close && inner < close - 1)
    .sort((one, other) => one.close - one.open - (other.close - other.open))[0];
  return around === undefined ? wordAt(text, at) : [around.open + 1, around.inner];
}

function wordAt(text: string, at: number): [number, number] | null {
  let [start, end] = [at, at];
  while (start > 0 && !BREAKS.test(text.charAt(start - 1))) start -= 1;
  while (end < text.length && !BREAKS.test(text.charAt(end))) end += 1;
  return start === end ? null : [start, end];
}

/** Return all pairs of parentheses; those behind a backslash are letters. */
function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\') at += 1;
    else if (letter === '(') open.push(at);
    else if (letter === ')') {
      const start = open.pop();
      if (start !== undefined) groups.push(groupAt(text, start, at));
    }
  }
  return groups;
}

function groupAt(text: string, open: number, close: number): Group {
  const written = /:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/.exec(text.slice(open + 1, close));
  const inner = written === null ? close : open + 1 + written.index;
  return { open, inner, close: close + 1, weight: written === null ? PLAIN : Number(written[1]) };
}

const CHUNK = 75; // tokens that CLIP takes at once

/** A guess at how many tokens CLIP makes of a text, and how many chunks these need. Only its tokenizer knows. */
export interface TokenGuess {
  readonly tokens: number;
  readonly chunks: number;
}

/** Guess the number of tokens: signs are one each, words one for each six letters begun. */
export function guessTokens(text: string): TokenGuess {
  const plain = text.replace(/:\s*[+-]?[\d.]+\s*\)/g, ')').replace(/(?<!\\)[()]/g, ' ');
  const pieces = plain.match(/\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu) ?? [];
  const tokens = pieces.reduce(
    (sum, piece) => sum + (/^\p{L}/u.test(piece) ? Math.ceil(piece.length / 6) : 1),
    0,
  );
  return { tokens, chunks: Math.max(1, Math.ceil(tokens / CHUNK)) };
}
