/**
 * node build/inspectRelease.js FOLDER: looks at every unpacked app that electron-builder left in FOLDER (all systems):
 * fuses, size, natives outside the archive, nothing of the workshop inside. Fails with what is wrong.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { listPackage } from '@electron/asar';
import { getCurrentFuseWire } from '@electron/fuses';
import { fuses } from './afterPack.ts';

/** The application without Electron, in bytes on disk. The runtime's own libraries are nearly all of it. */
export const budgets = { linux: 60e6, darwin: 60e6, win32: 90e6 };

/** @param {string} folder @returns {number} */
const bytesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

/** Where each system keeps its parts. @param {string} folder */
function layout(folder) {
  const app = join(folder, 'Latchkey.app');
  if (existsSync(app))
    return {
      system: 'darwin',
      program: app,
      resources: join(app, 'Contents', 'Resources'),
      own: ['app.asar', 'app.asar.unpacked'],
    };
  const windows = join(folder, 'Latchkey.exe');
  const system = existsSync(windows) ? 'win32' : 'linux';
  return {
    system,
    program: system === 'win32' ? windows : join(folder, 'latchkey'),
    resources: join(folder, 'resources'),
    own: ['app.asar', 'app.asar.unpacked'],
  };
}

/** What is wrong with one unpacked app. @param {string} folder @returns {Promise<string[]>} */
export async function inspect(folder) {
  const { system, program, resources, own } = layout(folder);
  const wrong = [];
  const wire = /** @type {Record<string, unknown>} */ ({ ...(await getCurrentFuseWire(program)) });
  for (const [fuse, on] of Object.entries(fuses))
    if (wire[fuse] !== (on ? 0x31 : 0x30)) wrong.push(`fuse ${fuse} is not set`);
  const bytes = own
    .map((name) => join(resources, name))
    .filter(existsSync)
    .reduce((sum, path) => sum + (statSync(path).isDirectory() ? bytesIn(path) : statSync(path).size), 0);
  const budget = budgets[/** @type {keyof typeof budgets} */ (system)];
  if (bytes > budget) wrong.push(`${bytes} bytes, ${budget} allowed`);
  const inside = listPackage(join(resources, 'app.asar'), { isPack: false });
  for (const file of inside)
    if (/\.(map|ts|svelte)$|[\\/](tests?|fixtures?|onnxruntime-web|sharp)([\\/]|$)/.test(file))
      wrong.push(`holds ${file}`);
  for (const file of inside.filter((each) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(each)))
    if (!existsSync(join(resources, 'app.asar.unpacked', file))) wrong.push(`${file} is only inside the archive`);
  return wrong;
}

if (process.argv[1] === import.meta.filename) {
  const folder = resolve(process.argv[2] ?? 'release');
  const unpacked = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && (entry.name.endsWith('-unpacked') || /^mac/.test(entry.name)))
    .map((entry) => join(folder, entry.name));
  const found = await Promise.all(unpacked.map(async (path) => ({ path, wrong: await inspect(path) })));
  for (const { path, wrong } of found)
    console.log(`${path}: ${wrong.length === 0 ? 'as it should be' : wrong.join('; ')}`);
  if (unpacked.length === 0) console.error(`There is no unpacked app in ${folder}.`);
  process.exitCode = unpacked.length === 0 || found.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
}
