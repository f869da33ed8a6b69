import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/**
 * Everything outside the page: both hosts and the workers, as ES modules for Node 24. The tokenizer library is bundled
 * without its image code; native packages stay outside, so that only one copy of ONNX Runtime's classes exists.
 */
export default defineConfig({
  publicDir: false,
  // Registered once by whoever publishes the app; without it, signing in through the browser is not offered.
  define: { LATCHKEY_CLIENT_ID: JSON.stringify(process.env['LATCHKEY_CLIENT_ID'] ?? '') },
  resolve: { alias: { sharp: resolve('build/noSharp.js') } },
  ssr: {
    noExternal: true,
    external: ['electron', 'keytar', 'onnxruntime-node', 'onnxruntime-common'],
    resolve: { conditions: ['node', 'import', 'module', 'default'] },
  },
  build: {
    ssr: true,
    outDir: 'dist/electron',
    emptyOutDir: true,
    target: 'node24',
    minify: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: {
        main: 'electron/hosts/desktop/main.ts',
        web: 'electron/hosts/web/main.ts',
        doctor: 'electron/hosts/terminal/main.ts',
        // A thread of the conversion process, started from the file beside the code that starts it.
        packWorker: 'electron/services/convert/packing/packWorker.ts',
        // A thread of the main process, likewise.
        hashWorker: 'electron/services/download/hashWorker.ts',
        infer: 'electron/workers/infer.ts',
        convert: 'electron/workers/convert.ts',
      },
      // One flat folder, so that "beside this file" is true for every entry and every shared chunk.
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'shared-[name]-[hash].js' },
    },
  },
});
