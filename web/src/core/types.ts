/**
 * Which types of sockets fit: `*` fits all, `IMAGE,MASK` fits either, letters' case does not count, and a STRING may
 * choose in a COMBO.
 *
 *     fits('IMAGE', 'IMAGE,MASK'); // true
 *
 * Specs may hold type variables: `<T>IMAGE,MASK` is a type among these that is the same wherever the spec says T.
 * Slots of nodes hold plain types only; settle.ts finds what a variable stands for.
 */

export const ANY = '*';
const MATCH_TYPE = 'COMFY_MATCHTYPE_V3'; // what files say where the editor knew no better

/** Whether the value of an output of one type may go into an input of the other. */
export function fits(output: string, input: string): boolean {
  if (output === input || output === ANY || input === ANY) return true;
  const [given, wanted] = [membersOf(output), membersOf(input)];
  if (given.includes(ANY) || wanted.includes(ANY)) return true;
  return given.some((type) => wanted.includes(type) || (type === 'STRING' && wanted.includes('COMBO')));
}

/** Return the types that a type allows, in upper case. */
export function membersOf(type: string): string[] {
  const members = plainType(type)
    .split(',')
    .map((member) => member.trim().toUpperCase());
  return members.map((member) => (member === MATCH_TYPE || member === '' ? ANY : member));
}

/** Return the type that both allow; null if there is none. */
export function common(one: string, other: string): string | null {
  const [left, right] = [membersOf(one), membersOf(other)];
  if (left.includes(ANY)) return plainType(other);
  if (right.includes(ANY)) return plainType(one);
  const both = left.filter((type) => right.includes(type));
  return both.length === 0 ? null : both.join(',');
}

/** Return how specs write a type variable: its name, and what it may stand for. */
export function typeVariable(name: string, allowed: string): string {
  return `<${name}>${allowed}`;
}

/** Return the name of the variable that a type is; null if it is a plain type. */
export function variableOf(type: string): string | null {
  return type.startsWith('<') ? type.slice(1, type.indexOf('>')) : null;
}

/** Return a type without the name of its variable. */
export function plainType(type: string): string {
  return type.startsWith('<') ? type.slice(type.indexOf('>') + 1) : type;
}
