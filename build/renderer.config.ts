import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/**
 * What the first paint consists of. It waits for the entry, which is small and decides the colours; Vite writes that tag,
 * so it is completed here. And it holds the mark, which must not be one more file to fetch.
 */
const firstPaint: Plugin = {
  name: 'first-paint',
  transformIndexHtml: {
    order: 'post',
    handler: (html) =>
      html
        .replace('<script type="module"', '<script type="module" blocking="render"')
        .replace('<!-- mark -->', () => readFileSync(join(import.meta.dirname, '../renderer/mark.svg'), 'utf8').trim()),
  },
};

/** The page: one bundle for both hosts. Nothing inline, because the content policy allows no inline script or style. */
export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [svelte(), firstPaint],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
