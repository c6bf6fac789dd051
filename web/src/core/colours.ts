/**
 * The colour of a type of values: sockets and links of one type look alike everywhere.
 *
 *     colourOf('MODEL'); // '#a48be0'
 */

/** Types that every graph has; colours that read on dark and light grounds and differ for the colour-blind by lightness. */
const KNOWN: { readonly [type: string]: string } = {
  '*': '#9aa4b2',
  MODEL: '#a48be0',
  CLIP: '#e5b93c',
  VAE: '#ef6a6a',
  CONDITIONING: '#f0955a',
  LATENT: '#e279c3',
  IMAGE: '#56a8f0',
  MASK: '#63b86f',
  CONTROL_NET: '#3fbfa3',
  CLIP_VISION: '#9fb4e8',
  CLIP_VISION_OUTPUT: '#c2a46b',
  STYLE_MODEL: '#b7d36a',
  UPSCALE_MODEL: '#7fa6b5',
  NOISE: '#a8a8a8',
  GUIDER: '#5fc9d6',
  SAMPLER: '#d0d36a',
  SIGMAS: '#c9d8b0',
  INT: '#5bb98c',
  FLOAT: '#8fbf6a',
  STRING: '#8aa7c4',
  BOOLEAN: '#c48a8a',
  COMBO: '#a9a08a',
  AUDIO: '#4fc0bd',
  VIDEO: '#7d8cf0',
};

/** Return the colour of a type; of the first, for a union written `A,B`. Unknown types get one of their own by name. */
export function colourOf(type: string): string {
  const first = type.split(',', 1)[0] ?? '*';
  return KNOWN[first] ?? `hsl(${hueOf(first)} 52% 62%)`;
}

/** FNV-1a over the letters, as a hue. */
function hueOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % 360;
}
