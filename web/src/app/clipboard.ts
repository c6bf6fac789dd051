/** The system's clipboard: nodes as text, so that they go from tab to tab and from browser to browser. */

import type { App } from './context.ts';

export async function copySelection(_app: App): Promise<void> {}
export async function cutSelection(_app: App): Promise<void> {}
export async function pasteClipboard(_app: App, _linked: boolean): Promise<void> {}
