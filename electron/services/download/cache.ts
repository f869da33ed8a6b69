/**
 * Puts verified files where Python's huggingface_hub finds them, and finds what Python left. Nothing gets a name in here
 * before its checksum was proved; the ref that makes a snapshot visible by branch name is written last.
 */
import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Commit, ModelFile, RepoId } from '../../contract/model.ts';
import { copyFile, linksWork, makeFolder, publish, replaceFile, replaceLink } from '../durable/files.ts';
import { type FileLock, lockFile } from '../durable/fileLock.ts';
import { below, type Checksum, checkedCommit, linkTarget, repoPaths, saysTarget } from './cachePaths.ts';
import { listMade, noteMade } from './made.ts';
import type { Verified } from './verified.ts';

/** One repository at one commit in the cache. */
export interface CacheFolder {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly blobs: string;
  readonly own: string;
  readonly snapshot: string;
  /** Whether snapshots hold links to blobs here, or the files themselves. */
  readonly links: boolean;
}

/** An entry of the Hub's file list, for trees/<commit>.json. Hashes must be real, never masked. */
export interface TreeEntry {
  readonly path: string;
  readonly bytes: number;
  readonly gitSha1: string;
  readonly sha256?: string;
  readonly xetHash?: string;
}

// The signature of the Cache Directory Tagging standard: backup programs skip a folder with this file.
const cacheTag = `Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag. The folder holds models from the Hugging Face Hub,
# shared by Latchkey and by Python's huggingface_hub. Anything in it can be downloaded again.
# See https://bford.info/cachedir/
`;

// Whether links work does not change while the program runs; asked once per cache folder, as Python does.
const linksByCache = new Map<string, Promise<boolean>>();

/**
 * Opens the repository's folder in the cache, making what is missing. `links` undefined = find out. Rejects with the
 * system's error.
 */
export async function openCache(
  hubCache: string,
  repo: RepoId,
  commit: Commit,
  links: boolean | undefined,
): Promise<CacheFolder> {
  const { blobs, own, snapshots } = repoPaths(hubCache, repo);
  const snapshot = join(snapshots, checkedCommit(commit));
  for (const folder of [own, blobs, snapshot]) await makeFolder(folder, 0o777);
  const tag = join(hubCache, 'CACHEDIR.TAG');
  if (!(await exists(tag))) await replaceFile(tag, cacheTag, 0o666, own);
  return { repo, commit, blobs, own, snapshot, links: links ?? (await linksIn(hubCache, own)) };
}

function linksIn(hubCache: string, own: string): Promise<boolean> {
  const known = linksByCache.get(hubCache) ?? linksWork(own);
  linksByCache.set(hubCache, known);
  return known;
}

/**
 * Makes this process the only Latchkey that downloads, reads for preparing, or removes this repository's files; undefined
 * while another one does. Python takes part in no lock of ours: beside it, unique temporaries and renames must do.
 */
export async function lockRepo(hubCache: string, repo: RepoId): Promise<FileLock | undefined> {
  const { own } = repoPaths(hubCache, repo);
  await makeFolder(own, 0o777);
  return lockFile(join(own, 'lock'));
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Gives a verified file its places: `paths` are all files of the snapshot with this content. */
export async function publishFile(
  cache: CacheFolder,
  options: { readonly temporary: string; readonly checksum: Checksum; readonly paths: readonly string[] },
): Promise<void> {
  const { temporary, checksum, paths } = options;
  if (cache.links) {
    await publish(temporary, join(cache.blobs, checksum.hex));
    for (const path of paths) await link(cache, path, checksum);
  } else await publishInto(cache, temporary, paths);
  for (const path of paths) await noteMade(cache, path, checksum.hex);
}

async function publishInto(cache: CacheFolder, temporary: string, paths: readonly string[]): Promise<void> {
  const [first, ...others] = paths.map((path) => below(cache.snapshot, path));
  if (first === undefined) return;
  await makeFolder(dirname(first), 0o777);
  await publish(temporary, first);
  for (const other of others) {
    await makeFolder(dirname(other), 0o777);
    await copyFile(first, other, cache.own);
  }
}

async function link(cache: CacheFolder, path: string, checksum: Checksum): Promise<void> {
  const place = below(cache.snapshot, path);
  const target = linkTarget(path, checksum.hex);
  if (saysTarget(await readlink(place).catch(() => undefined), target)) return;
  await makeFolder(dirname(place), 0o777);
  await replaceLink(place, target, cache.own);
}

/**
 * Uses what is in the cache already, whoever put it there, if its checksum is right: the snapshot's own file or the
 * blob. Answers whether the file now stands in the snapshot, verified.
 */
export async function reuseFile(
  cache: CacheFolder,
  file: ModelFile,
  checksum: Checksum,
  verified: Verified,
  signal?: AbortSignal,
): Promise<boolean> {
  const place = below(cache.snapshot, file.path);
  const blob = join(cache.blobs, checksum.hex);
  if (await verified.check(blob, file.bytes, checksum, signal)) {
    // Numbers of files have 64 bits on Windows.
    const here = await stat(place, { bigint: true }).catch(() => undefined);
    const there = await stat(blob, { bigint: true });
    if (here?.ino === there.ino && here.dev === there.dev) return true;
    if (cache.links) {
      await link(cache, file.path, checksum);
      const ours = (await listMade(cache.own)).some(({ etag }) => etag === checksum.hex);
      if (ours) await noteMade(cache, file.path, checksum.hex);
    } else if (!(await verified.check(place, file.bytes, checksum, signal))) {
      await makeFolder(dirname(place), 0o777);
      await copyFile(blob, place, cache.own);
      await verified.note(place, checksum);
    }
    return true;
  }
  return verified.check(place, file.bytes, checksum, signal);
}

/** Bytes of this file that are in the cache by size, not yet proved; for estimates. */
export async function cachedBytes(
  hubCache: string,
  repo: RepoId,
  commit: Commit,
  file: ModelFile,
  checksum: Checksum,
): Promise<number> {
  const { blobs, snapshots } = repoPaths(hubCache, repo);
  for (const path of [join(blobs, checksum.hex), below(join(snapshots, checkedCommit(commit)), file.path)]) {
    const facts = await stat(path).catch(() => undefined);
    if (facts?.isFile() && facts.size === file.bytes) return file.bytes;
  }
  return 0;
}

/** Remembers for Python that the repository has no such files at this commit. */
export async function noteMissing(hubCache: string, cache: CacheFolder, names: readonly string[]): Promise<void> {
  const folder = join(repoPaths(hubCache, cache.repo).missing, cache.commit);
  for (const name of names) {
    const path = below(folder, name);
    if (await exists(path)) continue;
    await makeFolder(dirname(path), 0o777);
    await replaceFile(path, '', 0o666, cache.own);
  }
}

/** Writes the whole file list, by which Python knows offline whether a snapshot is complete. Skips a list with a masked hash. */
export async function writeTree(hubCache: string, cache: CacheFolder, entries: readonly TreeEntry[]): Promise<boolean> {
  const hex = (length: number, value: string) => value.length === length && /^[0-9a-f]+$/.test(value);
  const real = entries.every(
    ({ gitSha1, sha256, xetHash }) =>
      hex(40, gitSha1) && (sha256 === undefined || hex(64, sha256)) && (xetHash === undefined || hex(64, xetHash)),
  );
  if (!real) return false;
  const files = Object.fromEntries(
    entries.map(({ path, bytes, gitSha1, sha256, xetHash }) => [
      path,
      {
        size: bytes,
        blob_id: gitSha1,
        ...(sha256 === undefined ? {} : { lfs_sha256: sha256, lfs_size: bytes }),
        ...(xetHash === undefined ? {} : { xet_hash: xetHash }),
      },
    ]),
  );
  const { trees } = repoPaths(hubCache, cache.repo);
  await makeFolder(trees, 0o777);
  await replaceFile(
    join(trees, `${cache.commit}.json`),
    JSON.stringify({ format_version: 1, files }),
    0o666,
    cache.own,
  );
  return true;
}

/** Writes the file list unless it is there, asking for it only then. Answers whether it stands. */
export async function keepTree(
  at: Pick<CacheFolder, 'repo' | 'commit'> & { readonly hubCache: string; readonly links: boolean | undefined },
  list: () => Promise<readonly TreeEntry[] | undefined>,
): Promise<boolean> {
  const { hubCache, repo, commit } = at;
  if (await exists(join(repoPaths(hubCache, repo).trees, `${checkedCommit(commit)}.json`))) return true;
  const entries = await list();
  return entries !== undefined && writeTree(hubCache, await openCache(hubCache, repo, commit, at.links), entries);
}

/** Lets a branch or tag name point to the commit. Call it when everything else is in place. */
export async function writeRef(hubCache: string, cache: CacheFolder, revision: string): Promise<void> {
  if (revision === cache.commit) return;
  const path = below(repoPaths(hubCache, cache.repo).refs, revision);
  if ((await readFile(path, 'utf8').catch(() => '')) === cache.commit) return;
  await makeFolder(dirname(path), 0o777);
  await replaceFile(path, cache.commit, 0o666, cache.own);
}

/**
 * The snapshot folder of a commit if every one of `files` stands in it with its size; no reading of contents, so it is
 * fit for the start of the program. `missing` names the others.
 */
export async function findSnapshot(
  hubCache: string,
  repo: RepoId,
  commit: Commit,
  files: readonly ModelFile[],
): Promise<{ readonly folder: string; readonly complete: boolean; readonly missing: readonly string[] }> {
  const folder = join(repoPaths(hubCache, repo).snapshots, checkedCommit(commit));
  const missing: string[] = [];
  for (const file of files) {
    const facts = await stat(below(folder, file.path)).catch(() => undefined);
    if (!facts?.isFile() || facts.size !== file.bytes) missing.push(file.path);
  }
  return { folder, complete: missing.length === 0 && files.length > 0, missing };
}
