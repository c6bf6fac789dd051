/** Colours of nodes: whether text on one must be light. */

/** Return whether a colour of a file (`#223`, `#223344`) is a dark one; other ways to write one count as dark. */
export function isDark(colour: string): boolean {
  const letters = /^#([\da-f]{3,4}|[\da-f]{6}|[\da-f]{8})$/i.exec(colour.trim())?.[1];
  if (letters === undefined) return true;
  const width = letters.length < 6 ? 1 : 2;
  const [red, green, blue] = [0, 1, 2].map((part) => {
    const digits = letters.slice(part * width, (part + 1) * width);
    return Number.parseInt(width === 1 ? digits + digits : digits, 16) / 255;
  }) as [number, number, number];
  return 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2 < 0.3; // relative luminance
}
