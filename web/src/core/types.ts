/**
 * Which types of sockets fit: `*` fits all, `IMAGE,MASK` fits either, letters' case does not count.
 *
 *     fits('IMAGE', 'IMAGE,MASK'); // true
 */

export const ANY = '*';

/** Whether a socket of one type may be joined to a socket of the other. */
export function fits(one: string, other: string): boolean {
  if (one === other || one === ANY || other === ANY) return true;
  const members = membersOf(one);
  return (
    membersOf(other).some((member) => member === ANY || members.includes(member)) || members.includes(ANY)
  );
}

/** Return the types that a type allows, in upper case: a union is written with commas. */
export function membersOf(type: string): string[] {
  return type.split(',').map((member) => member.trim().toUpperCase());
}
