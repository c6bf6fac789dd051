/** The theme's colours as a canvas wants them: read from the CSS variables once for each change of the theme. */

import { lightened } from '../core/shades.ts';

const VARIABLES = {
  bg: '--bg',
  grid: '--grid',
  line: '--line',
  strong: '--line-strong',
  text: '--text',
  dim: '--text-dim',
  accent: '--accent',
  soft: '--accent-soft',
  danger: '--danger',
  node: '--node-bg',
  head: '--node-head',
  focus: '--focus',
  font: '--font',
} as const;

export type Colours = { readonly [name in keyof typeof VARIABLES]: string } & {
  /** Return a node's own colour as the theme shows it. */
  readonly shade: (colour: string) => string;
};

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const read = Object.entries(VARIABLES).map(([name, variable]) => {
    return [name, style.getPropertyValue(variable).trim() || '#888'];
  });
  const isLight = document.documentElement.dataset.theme === 'light';
  return { ...Object.fromEntries(read), shade: isLight ? lightened : (colour: string) => colour } as Colours;
}

/** Call a function when the theme changes: by the page's attribute or by the system. Returns what ends that. */
export function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    dark.removeEventListener('change', changed);
  };
}
