/**
 * The packed app, laid out so that it can be run and looked into: packed by `npm run package` with a stand-in for the
 * Electron distribution, then taken out of its archive into a folder far from any node_modules.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { extractAll } from '@electron/asar';
import { makeDistribution } from './makeDistribution.ts';

const root = resolve(import.meta.dirname, '../..');

export interface PackedApp {
  /** What electron-builder made: program, resources, desktop entry. */
  readonly folder: string;
  /** The app's own files as they run: the archive's content with the unpacked natives in their places. */
  readonly app: string;
  forget(): Promise<void>;
}

/** Packs for Linux x64. Takes some ten seconds. Rejects with electron-builder's output when it fails. */
export async function packApp(): Promise<PackedApp> {
  const place = await mkdtemp(join(tmpdir(), 'latchkey-packed-'));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { electron: string };
  };
  await makeDistribution(join(place, 'electron'), devDependencies.electron);
  await promisify(execFile)(
    process.execPath,
    [
      join(root, 'build/package.js'),
      ...['--dir', '--linux', '--x64', '--dist', join(place, 'electron'), '--out', join(place, 'release')],
    ],
    { cwd: root },
  ).catch((error: Error & { readonly stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`);
  });
  const folder = join(place, 'release', 'linux-unpacked');
  const app = join(place, 'app');
  extractAll(join(folder, 'resources/app.asar'), app);
  await cp(join(folder, 'resources/app.asar.unpacked'), app, { recursive: true, force: true });
  return { folder, app, forget: () => rm(place, { recursive: true, force: true }) };
}
