/**
 * Packed apps, made by `npm run package` with a stand-in for the Electron distribution; and the one for Linux laid out so
 * that it can be run and looked into: taken out of its archive into a folder far from any node_modules.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { extractAll } from '@electron/asar';
import { makeDistribution, type System } from './makeDistribution.ts';

const root = resolve(import.meta.dirname, '../..');

export interface PackedApp {
  /** What electron-builder made: program, resources, desktop entry. */
  readonly folder: string;
  /** The app's own files as they run: the archive's content with the unpacked natives in their places. */
  readonly app: string;
  forget(): Promise<void>;
}

/** A release folder with one unpacked app for each processor. */
export interface Packed {
  readonly place: string;
  readonly release: string;
  readonly forget: () => Promise<void>;
}

const flagOf: Readonly<Record<System, string>> = { linux: '--linux', win32: '--win', darwin: '--mac' };

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Packings share files of the project: one at a time, across the processes of a test run. */
export async function alone<T>(task: () => Promise<T>): Promise<T> {
  const name = `latchkey-packing-${createHash('sha256').update(root).digest('hex').slice(0, 12)}.pid`;
  const turn = join(tmpdir(), name);
  const taken = (): Promise<boolean> =>
    writeFile(turn, String(process.pid), { flag: 'wx' }).then(
      () => true,
      () => false,
    );
  while (!(await taken())) {
    const holder = Number(await readFile(turn, 'utf8').catch(() => ''));
    if (holder > 0 && !lives(holder))
      await rm(turn, { force: true }); // whoever had it was killed
    else await wait(200);
  }
  return task().finally(() => rm(turn, { force: true }));
}

/**
 * Packs for a system and some of its processors into a new folder, as `npm run package -- --dir` does there. Takes some ten
 * seconds each. Rejects with electron-builder's output when it fails.
 */
export async function pack(system: System, processors: readonly ('x64' | 'arm64')[]): Promise<Packed> {
  const place = await mkdtemp(join(tmpdir(), 'latchkey-packed-'));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: { electron: string };
  };
  const release = join(place, 'release');
  await makeDistribution(join(place, 'electron'), devDependencies.electron, system);
  const flags = ['--dir', flagOf[system], ...processors.map((processor) => `--${processor}`)];
  await alone(() =>
    promisify(execFile)(
      process.execPath,
      [join(root, 'build/package.js'), ...flags, '--dist', join(place, 'electron'), '--out', release],
      { cwd: root },
    ),
  ).catch((error: Error & { readonly stdout?: string; readonly stderr?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}\n${error.stderr ?? ''}`);
  });
  return { place, release, forget: () => rm(place, { recursive: true, force: true }) };
}

/** Packs for Linux x64 and lays the app out. */
export async function packApp(): Promise<PackedApp> {
  const { place, release, forget } = await pack('linux', ['x64']);
  const folder = join(release, 'linux-unpacked');
  const app = join(place, 'app');
  extractAll(join(folder, 'resources/app.asar'), app);
  await cp(join(folder, 'resources/app.asar.unpacked'), app, { recursive: true, force: true });
  return { folder, app, forget };
}

/** What may be in the archive of a system: what it runs on, and nothing else. */
export function allowedFiles(system: System, processor: 'x64' | 'arm64'): readonly RegExp[] {
  const place = `${system}-${processor}`;
  return [
    /^package\.json$/,
    /^dist\/electron\/(main|infer|convert|packWorker|hashWorker|shared-[\w.-]+)\.js$/,
    /^dist\/preload\/preload\.cjs$/,
    /^dist\/renderer\/(index\.html|assets\/[\w.-]+\.(js|css|svg))$/,
    /^dist\/practice-model\/[\w.-]+$/,
    new RegExp(`^node_modules/keytar/(package\\.json|LICENSE\\.md|lib/keytar\\.js|prebuilds/${place}/keytar\\.node)$`),
    new RegExp(
      `^node_modules/onnxruntime-node/(package\\.json|dist/\\w+\\.js|bin/napi-v6/${system}/${processor}/[\\w.]+)$`,
    ),
    /^node_modules\/onnxruntime-common\/(package\.json|dist\/(cjs|esm)\/[\w-]+\.js(on)?)$/,
  ];
}
