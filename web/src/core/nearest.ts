/**
 * The nearest known names to a misspelt one, for sentences that help.
 *
 *     nearestNames('KSampeler', ['KSampler', 'VAEDecode']); // ['KSampler']
 */

const LEAST = 0.5; // of pairs of letters in common

/**
 * Return up to `count` known names that resemble a name, the most similar first; letters' case does not matter.
 * `partOf` gives the part of a name that counts.
 */
export function nearestNames(
  name: string,
  known: Iterable<string>,
  count = 3,
  partOf: (name: string) => string = (whole) => whole,
): string[] {
  const wanted = pairsOf(partOf(name));
  return [...known]
    .map((candidate) => ({ candidate, likeness: likeness(wanted, pairsOf(partOf(candidate))) }))
    .filter((each) => each.likeness >= LEAST)
    .sort((one, other) => other.likeness - one.likeness)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Dice's coefficient: twice the pairs in common, of all pairs. */
function likeness(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  let [common, all] = [0, 0];
  for (const [pair, count] of one) common += Math.min(count, other.get(pair) ?? 0);
  for (const count of [...one.values(), ...other.values()]) all += count;
  return all === 0 ? 0 : (2 * common) / all;
}

/** Count the pairs of neighbouring letters, with the ends of the name as letters too. */
function pairsOf(name: string): Map<string, number> {
  const letters = `^${name.toLowerCase()}$`;
  const pairs = new Map<string, number>();
  for (let index = 0; index + 1 < letters.length; index++) {
    const pair = letters.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}
