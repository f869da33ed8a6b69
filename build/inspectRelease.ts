/**
 * node build/inspectRelease.ts FOLDER: looks at every unpacked app that electron-builder left in FOLDER (all systems):
 * fuses, size, natives of the right system and processor outside the archive, nothing of the workshop inside. Fails with
 * what is wrong.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { listPackage } from '@electron/asar';
import { getCurrentFuseWire } from '@electron/fuses';
import { fuses } from './afterPack.ts';
import { missingIn, runtimeFolders } from './visualCpp.ts';

/** The application without Electron, in bytes on disk. The runtime's own libraries are nearly all of it. */
export const budgets = { linux: 60e6, darwin: 60e6, win32: 90e6 } as const;

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

interface Layout {
  readonly system: keyof typeof budgets;
  readonly program: string;
  readonly resources: string;
}

/** Where each system keeps its parts. */
function layout(folder: string): Layout {
  const app = join(folder, 'Latchkey.app');
  if (existsSync(app)) return { system: 'darwin', program: app, resources: join(app, 'Contents', 'Resources') };
  const windows = join(folder, 'Latchkey.exe');
  const system = existsSync(windows) ? 'win32' : 'linux';
  const program = system === 'win32' ? windows : join(folder, 'latchkey');
  return { system, program, resources: join(folder, 'resources') };
}

/** System and processor that a native file is made for, from its own head, as "linux-x64". */
function madeFor(path: string): string {
  const head = Buffer.alloc(1024);
  const file = openSync(path, 'r');
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (head.readUInt32BE(0) === 0x7f454c46) return named('linux', { 0x3e: 'x64', 0xb7: 'arm64' }, head.readUInt16LE(18));
  if (head.readUInt32LE(0) === 0xfeedfacf)
    return named('darwin', { 0x01000007: 'x64', 0x0100000c: 'arm64' }, head.readUInt32LE(4));
  if (head.toString('latin1', 0, 2) === 'MZ')
    return named('win32', { 0x8664: 'x64', 0xaa64: 'arm64' }, head.readUInt16LE(head.readUInt32LE(0x3c) + 4));
  return 'nothing known';
}

const named = (system: string, processors: Readonly<Record<number, string>>, number: number): string =>
  `${system}-${processors[number] ?? 'unknown'}`;

/** Natives without which the app cannot do its work. */
const needed = [/onnxruntime_binding\.node$/, /(libonnxruntime[\w.]*|onnxruntime\.dll)$/, /keytar\.node$/];

/** What is wrong with one unpacked app, packed for the processor in its name. */
export async function inspect(folder: string): Promise<readonly string[]> {
  const processor = /arm64/.test(basename(folder)) ? 'arm64' : 'x64';
  const { system, program, resources } = layout(folder);
  const wrong: string[] = [];
  const wire: Readonly<Record<string, unknown>> = { ...(await getCurrentFuseWire(program)) };
  for (const [fuse, on] of Object.entries(fuses))
    if (wire[fuse] !== (on ? 0x31 : 0x30)) wrong.push(`fuse ${fuse} is not set`);
  const unpacked = join(resources, 'app.asar.unpacked');
  const bytes = statSync(join(resources, 'app.asar')).size + bytesIn(unpacked);
  const budget = budgets[system];
  if (bytes > budget) wrong.push(`${bytes} bytes, ${budget} allowed`);
  const inside = listPackage(join(resources, 'app.asar'), { isPack: false });
  for (const file of inside)
    if (/\.(map|ts|svelte)$|[\\/](tests?|fixtures?|onnxruntime-web|sharp)([\\/]|$)/.test(file))
      wrong.push(`holds ${file}`);
  const natives = inside.filter((each) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(each));
  for (const pattern of needed) if (!natives.some((file) => pattern.test(file))) wrong.push(`lacks ${pattern.source}`);
  for (const file of natives) {
    if (!existsSync(join(unpacked, file))) wrong.push(`${file} is only inside the archive`);
    else if (madeFor(join(unpacked, file)) !== `${system}-${processor}`)
      wrong.push(`${file} is made for ${madeFor(join(unpacked, file))}`);
  }
  if (system === 'win32')
    for (const folder of runtimeFolders(resources))
      for (const name of missingIn(folder)) wrong.push(`lacks ${name}, which the runtime wants`);
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
