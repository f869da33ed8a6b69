/** Everything a download test needs around it: a folder, small numbers, a plan. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DownloadPlan, ModelFile } from '../../../electron/contract/model.ts';
import type { Progress } from '../../../electron/contract/setup.ts';
import { download, type DownloadOptions } from '../../../electron/services/download/download.ts';
import type { FileSource } from '../../../electron/services/download/fileTask.ts';
import type { Tuning } from '../../../electron/services/download/tuning.ts';

export const repo = 'acme/tiny-llama';
export const commit = '0123456789abcdef0123456789abcdef01234567';
export const repoFolderName = 'models--acme--tiny-llama';

/** Blocks of 1 KiB instead of 8 MiB, and everything else in proportion. */
export const smallTuning: Tuning = {
  blockBytes: 1024,
  blocksPerRequest: 2,
  startConnections: 2,
  maxConnections: 4,
  sampleMs: 50,
  writeBytes: 200,
  noteBytes: 400,
  syncBytes: 1024,
  tailBytes: 2048,
  syncMs: 20,
  stallMs: 30_000, // a slow computer is no silence: tests of silence say how long one lasts
  stallBytes: 30,
  tries: 4,
  backoffMs: 2,
  maxBackoffMs: 10,
  progressBytes: 100,
  maxWaitMs: 2000,
  aheadBytes: 2 ** 30,
  threadFromBytes: 4 * 2 ** 20,
  reportMs: 5,
};

// In memory where that is possible: hundreds of downloads would mostly wait for a real disk.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(place, 'latchkey-download-'));
}

export const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true });

export function planOf(files: readonly ModelFile[]): DownloadPlan {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    repo,
    commit,
    files,
    totalBytes,
    cachedBytes: 0,
    convertedBytes: 0,
    freeBytes: 1e12,
    fits: true,
    dtype: 'q4',
    architecture: 'LlamaForCausalLM',
    parameters: 1,
  };
}

export const run = (
  source: FileSource,
  hubCache: string,
  files: readonly ModelFile[],
  more: Partial<DownloadOptions> = {},
) => runPlan(planOf(files), source, hubCache, more);

export async function runPlan(
  plan: DownloadPlan,
  source: FileSource,
  hubCache: string,
  more: Partial<DownloadOptions> = {},
) {
  const reports: Progress[] = [];
  const result = await download(plan, {
    source,
    hubCache,
    onProgress: (progress) => reports.push(progress),
    signal: new AbortController().signal,
    now: Date.now,
    log: () => undefined,
    ...more,
    tuning: { ...smallTuning, ...more.tuning },
  });
  return { result, reports };
}

/** The bytes Python would read for a file of the snapshot. */
export function published(hubCache: string, path: string): Promise<Buffer> {
  return readFile(join(hubCache, repoFolderName, 'snapshots', commit, ...path.split('/')));
}

/** Names in the folder of our own notes, without the lock and the notes of what is ours, which stay there. */
export async function ownFiles(hubCache: string): Promise<readonly string[]> {
  const names = await readdir(join(hubCache, repoFolderName, '.latchkey')).catch(() => []);
  return names.filter((name) => name !== 'lock' && name !== 'made').sort();
}
