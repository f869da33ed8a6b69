/**
 * The packed app, laid out so that it can be run and looked into: packed by `npm run package` with a stand-in for the
 * Electron distribution, then taken out of its archive into a folder far from any node_modules.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
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

/** Packings share files of the project: one at a time, across the processes of a test run. */
async function alone<T>(task: () => Promise<T>): Promise<T> {
  const turn = join(tmpdir(), `latchkey-packing-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`);
  while (
    !(await mkdir(turn).then(
      () => true,
      () => false,
    ))
  ) {
    const since = await stat(turn).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    if (Date.now() - since > 180_000) await rm(turn, { recursive: true, force: true }); // whoever had it was killed
    await wait(200);
  }
  return task().finally(() => rm(turn, { recursive: true, force: true }));
}

/** Packs for Linux x64. Takes some ten seconds. Rejects with electron-builder's output when it fails. */
export async function packApp(): Promise<PackedApp> {
  const place = await mkdtemp(join(tmpdir(), 'latchkey-packed-'));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { electron: string };
  };
  await makeDistribution(join(place, 'electron'), devDependencies.electron);
  await alone(() =>
    promisify(execFile)(
      process.execPath,
      [
        join(root, 'build/package.js'),
        ...['--dir', '--linux', '--x64', '--dist', join(place, 'electron'), '--out', join(place, 'release')],
      ],
      { cwd: root },
    ),
  ).catch((error: Error & { readonly stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`);
  });
  const folder = join(place, 'release', 'linux-unpacked');
  const app = join(place, 'app');
  extractAll(join(folder, 'resources/app.asar'), app);
  await cp(join(folder, 'resources/app.asar.unpacked'), app, { recursive: true, force: true });
  return { folder, app, forget: () => rm(place, { recursive: true, force: true }) };
}
