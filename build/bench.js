/**
 * `npm run bench -- NAME [--json] [arguments]`: one comparison out of test/bench, everything measured side by side in one
 * run. A bench module exports `bench(args, say)` and resolves to rows `{figure, ours, reference, ratio, goal, better}`;
 * `say` prints progress to stderr. Figures that reach docs/performance.md come from here.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findNode } from './node.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = findNode();
if (Number(process.versions.node.split('.')[0]) < 24 && node) {
  process.exit(spawnSync(node, process.argv.slice(1), { stdio: 'inherit' }).status ?? 1);
}
process.env.ORT_DISABLE_TELEMETRY = '1';

const folder = join(root, 'test', 'bench');
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.endsWith('.bench.ts'))
      .map((name) => name.replace(/\.bench\.ts$/, ''))
  : [];
const [name = '', ...args] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`Say which: npm run bench -- ${names.join(' | ') || '(none yet)'} [--json]`);
  process.exit(2);
}
const { bench } = await import(pathToFileURL(join(folder, `${name}.bench.ts`)).href);
const rows = await bench(
  args.filter((argument) => argument !== '--json'),
  (line) => process.stderr.write(`${line}\n`),
);
if (args.includes('--json')) console.log(JSON.stringify(rows, null, 2));
else console.table(rows);
