import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const SERVER = 'http://127.0.0.1:8188'; // `npm run dev` beside `weft serve`

/** Puts the types of extensions beside the built editor, so that they are served and shipped with it. */
function types(): Plugin {
  const fileName = 'types/weft-editor.d.ts';
  return {
    name: 'weft-types',
    generateBundle() {
      const source = readFileSync(new URL(fileName, import.meta.url), 'utf8');
      this.emitFile({ type: 'asset', fileName, source });
    },
  };
}

export default defineConfig({
  base: './',
  plugins: [svelte(), types()],
  build: { target: 'es2022', outDir: 'dist', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: {
      '/api': { target: SERVER, ws: true },
      '/ws': { target: SERVER, ws: true },
      '/extensions': SERVER,
      '/templates': SERVER,
    },
  },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    setupFiles: ['tests/setup.ts'],
    testTimeout: 120_000,
  },
});
