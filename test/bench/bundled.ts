import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * Bundles programs of a bench as the product's own are bundled (build/electron.config.ts), so that none of them is
 * measured while it compiles TypeScript. Answers the path of the first; the others stand beside it under their names.
 */
export async function bundled(folder: string, input: Readonly<Record<string, string>>): Promise<string> {
  const outDir = join(folder, 'program');
  await build({
    configFile: fileURLToPath(new URL('../../build/electron.config.ts', import.meta.url)),
    logLevel: 'error',
    build: { outDir, rolldownOptions: { input: {} } },
    plugins: [{ name: 'only-these', options: (options) => ({ ...options, input }) }],
  });
  return join(outDir, `${Object.keys(input)[0] ?? ''}.js`);
}
