import { defineConfig } from 'vite';

/** The bridge: one CommonJS file, the only kind that a sandboxed page process loads. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist/preload',
    emptyOutDir: true,
    target: 'chrome140',
    minify: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      external: ['electron'],
      input: 'electron/hosts/desktop/preload.ts',
      output: { format: 'cjs', entryFileNames: 'preload.cjs' },
    },
  },
});
