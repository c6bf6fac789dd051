/**
 * Colours of nodes in the light theme: files hold colours that were chosen on dark ground, which are drawn half of the
 * whole lightness lighter there, as ComfyUI's editor does.
 *
 *     lightened('#223344'); // '#99b2cc'
 */

const SHIFT = 0.5;
const LEAST = 0.68; // black nodes too are light enough for dark letters

/** Return a colour (`#223`, `#223344`) as the light theme shows it; those written in other ways stay as they are. */
export function lightened(colour: string): string {
  const parts = partsOf(colour.trim());
  if (parts === null) return colour;
  const [most, least] = [Math.max(...parts), Math.min(...parts)];
  const before = (most + least) / 2;
  const after = Math.min(1, Math.max(LEAST, before + SHIFT));
  const wideBefore = 1 - Math.abs(2 * before - 1);
  const scale = wideBefore === 0 ? 0 : (1 - Math.abs(2 * after - 1)) / wideBefore; // keeps hue and saturation
  const shown = parts.map((part) => Math.round(255 * (after + (part - before) * scale)));
  return `#${shown.map((part) => Math.min(255, Math.max(0, part)).toString(16).padStart(2, '0')).join('')}`;
}

/** Return red, green and blue from 0 to 1. */
function partsOf(colour: string): number[] | null {
  const letters = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(colour)?.[1];
  if (letters === undefined) return null;
  const width = letters.length / 3;
  return [0, 1, 2].map((part) => {
    const digits = letters.slice(part * width, (part + 1) * width);
    return Number.parseInt(width === 1 ? digits + digits : digits, 16) / 255;
  });
}
