/**
 * Downloads that never lose a byte, in the cache that Python shares. This folder decides what to fetch, fetches it in
 * verified pieces and publishes it; it knows nothing of accounts or licences: the Hub's part is lent as a FileSource.
 * To pause, abort; to continue, call again with the same plan.
 */
import type { DownloadPlan, ModelFile } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { Progress } from '../../contract/setup.ts';
import { cancelled } from '../explain.ts';
import type { FileLock } from '../durable/fileLock.ts';
import type { LogEntry, NetworkWatch } from '../ports.ts';
import {
  cachedBytes,
  type CacheFolder,
  lockRepo,
  noteMissing,
  openCache,
  type TreeEntry,
  writeRef,
  writeTree,
} from './cache.ts';
import { type Checksum, checksumOf, repoPaths } from './cachePaths.ts';
import { optionalNames } from './chooseFiles.ts';
import { allocatedBytes, freeSpace } from './diskUse.ts';
import { alreadyRunning, checksumsHidden, diskFull, explainDisk, unsafeName } from './explain.ts';
import { createFileTask, type FileSource, type FileTask } from './fileTask.ts';
import { startHashing } from './hashing.ts';
import { partialPath } from './journal.ts';
import { runTasks } from './runTasks.ts';
import { findTwins, unsafeReason } from './safeName.ts';
import { defaultTuning, type Tuning } from './tuning.ts';
import { openVerified } from './verified.ts';
import type { Pace } from './waits.ts';

export interface DownloadOptions {
  readonly source: FileSource;
  readonly hubCache: string;
  /** At most 10 per second, and once at the end. */
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
  /** Wall clock, ms since epoch: for display and for dates in headers only. */
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
  /** Holds the bytes back where a speed limit is set; all downloads that share it share the limit. */
  readonly pace?: Pace;
  /** The branch the commit was resolved from; null when the person chose the commit itself. Default 'main'. */
  readonly revision?: string | null;
  /** The whole file list with real hashes; lets Python know offline that the snapshot is (in)complete. */
  readonly tree?: readonly TreeEntry[];
  /** false = put files into the snapshot itself (HF_HUB_DISABLE_SYMLINKS); undefined = find out. */
  readonly links?: boolean;
  /** Tells when the way to the network changed: then every connection is made anew, without waiting for the silence. */
  readonly watchNetwork?: NetworkWatch;
  readonly tuning?: Partial<Tuning>;
}

// One writer per repository and cache in this process; lockRepo sees to the others.
const running = new Set<string>();

type Group = { readonly checksum: Checksum; readonly files: [ModelFile, ...ModelFile[]] };

/** Files by content: the same bytes are fetched once. Problem for a file that cannot be proved or named. */
function groupFiles(files: readonly ModelFile[]): Result<readonly Group[]> {
  const groups = new Map<string, Group>();
  const twins = findTwins(files.map(({ path }) => path));
  if (twins) return failed(unsafeName(twins[1], `cannot live beside "${twins[0]}"`));
  for (const file of files) {
    const reason = unsafeReason(file.path);
    if (reason !== undefined) return failed(unsafeName(file.path, reason));
    const checksum = checksumOf(file);
    if (checksum === undefined || !Number.isSafeInteger(file.bytes) || file.bytes < 0) {
      return failed(checksumsHidden(file.path));
    }
    const group = groups.get(checksum.hex);
    if (group && group.files[0].bytes === file.bytes) group.files.push(file);
    else if (group)
      return failed(checksumsHidden(file.path)); // one checksum, two sizes: the list is not true
    else groups.set(checksum.hex, { checksum, files: [file] });
  }
  return ok([...groups.values()]);
}

/** What is there already by size, per content, and how many bytes of room are lacking for the rest (or less than 0). */
async function survey(
  hubCache: string,
  plan: DownloadPlan,
  groups: readonly Group[],
): Promise<{ readonly present: ReadonlyMap<string, number>; readonly lacking: number }> {
  const { own } = repoPaths(hubCache, plan.repo);
  const present = new Map<string, number>();
  let needed = 0;
  for (const { checksum, files } of groups) {
    const [file] = files;
    const cached = await cachedBytes(hubCache, plan.repo, plan.commit, file, checksum);
    const bytes = cached > 0 ? cached : Math.min(file.bytes, await allocatedBytes(partialPath(own, checksum.hex)));
    present.set(checksum.hex, bytes);
    needed += file.bytes - bytes;
  }
  return { present, lacking: needed - (await freeSpace(hubCache)).bytes };
}

/**
 * Fetches what the plan names and is not in the cache yet. Resolves with the snapshot folder when every file there was
 * proved by its checksum, or with a Problem: 'cancelled' (paused), 'disk-full', 'disk-trouble', 'damaged-file',
 * 'cdn-blocked', 'hub-trouble', 'rate-limited', 'proxy-or-portal', 'unsafe-file-name', 'access-unknown', 'busy', or
 * whatever `source.resolve` answered. What was fetched stays for the next call in every case.
 */
export async function download(
  plan: DownloadPlan,
  options: DownloadOptions,
): Promise<Result<{ readonly snapshotFolder: string }>> {
  const groups = groupFiles(plan.files);
  if (!groups.ok) return groups;
  const key = repoPaths(options.hubCache, plan.repo).folder;
  if (running.has(key)) return failed(alreadyRunning(plan.repo));
  running.add(key);
  let tasks: readonly FileTask[] = [];
  let lock: FileLock | undefined;
  const tuning: Tuning = { ...defaultTuning, ...options.tuning };
  const hashing = startHashing(tuning);
  try {
    options.signal.throwIfAborted();
    const { present, lacking } = await survey(options.hubCache, plan, groups.value);
    if (lacking > 0) return failed(diskFull(plan.repo, lacking, options.hubCache));
    const cache = await openCache(options.hubCache, plan.repo, plan.commit, options.links);
    lock = await lockRepo(options.hubCache, plan.repo);
    if (!lock) return failed(alreadyRunning(`${plan.repo}, by another process`));
    const verified = await openVerified(key, cache.own, hashing);
    const pace = options.pace ?? (async () => undefined);
    const shared = { cache, verified, hashing, source: options.source, tuning, now: options.now, pace };
    tasks = groups.value.map(({ files, checksum }) =>
      createFileTask({ ...shared, files, checksum, expectedBytes: present.get(checksum.hex) ?? 0 }),
    );
    let problem: Problem | undefined;
    try {
      problem = await runTasks(tasks, { ...options, repo: plan.repo, tuning });
    } finally {
      await verified.save().catch(() => undefined); // only saves time; must not hide why the run ended
    }
    if (problem) return failed(problem);
    await announce(cache, plan, options);
    return ok({ snapshotFolder: cache.snapshot });
  } catch (error) {
    return failed(explainFailure(error, plan, tasks, options));
  } finally {
    await Promise.all(tasks.map((task) => task.close()));
    await hashing.close();
    lock?.release();
    running.delete(key);
  }
}

// Only now, when everything is in place, does Python hear of it.
async function announce(cache: CacheFolder, plan: DownloadPlan, options: DownloadOptions): Promise<void> {
  const names = new Set(plan.files.map(({ path }) => path));
  const absent = optionalNames.filter((name) => !names.has(name));
  await noteMissing(options.hubCache, cache, absent);
  if (options.tree) await writeTree(options.hubCache, cache, options.tree);
  if (options.revision !== null) await writeRef(options.hubCache, cache, options.revision ?? 'main');
}

function explainFailure(
  error: unknown,
  plan: DownloadPlan,
  tasks: readonly FileTask[],
  options: DownloadOptions,
): Problem {
  if (options.signal.aborted && error instanceof Error && error.name === 'AbortError') return cancelled();
  const done = tasks.reduce((sum, task) => sum + task.doneBytes(), 0);
  const problem = explainDisk(plan.repo, error, Math.max(0, plan.totalBytes - done), options.hubCache);
  if (problem === undefined) throw error;
  options.log({ area: 'download', event: 'disk', cause: problem.evidence[0]?.cause ?? '' });
  return problem;
}
