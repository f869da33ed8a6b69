/** How much room there is and who uses it. Only reads. */
import type { Stats } from 'node:fs';
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { RepoId } from '../../contract/model.ts';
import { repoPaths } from './cachePaths.ts';
import { madeBytes } from './removeRepo.ts';

export interface RepoUse {
  readonly repo: RepoId;
  readonly bytes: number; // blobs and snapshot files, each counted once
  readonly ownBytes: number; // the part of it that we downloaded
  readonly partialBytes: number; // our unfinished downloads
}

export interface DiskUse {
  readonly repos: readonly RepoUse[];
  readonly cacheBytes: number;
  readonly partialBytes: number;
  readonly freeBytes: number;
}

/** The nearest folder that exists at or above `path`. */
async function existing(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    if ((await stat(at).catch(() => undefined)) !== undefined || dirname(at) === at) return at;
  }
}

/** Bytes this account may still write under `path` (which need not exist yet), and which device that is. */
export async function freeSpace(path: string): Promise<{ readonly bytes: number; readonly device: number }> {
  const folder = await existing(path);
  const [space, facts] = await Promise.all([statfs(folder), stat(folder)]);
  return { bytes: space.bavail * space.bsize, device: facts.dev };
}

// Sparse files count what they really take; a file system that does not say counts the length.
function taken(facts: Pick<Stats, 'size' | 'blocks'> | { readonly size: bigint; readonly blocks: bigint }): number {
  const [size, blocks] = [Number(facts.size), Number(facts.blocks)];
  return blocks > 0 || size === 0 ? Math.min(size, blocks * 512) : size;
}

/** Bytes that one file really takes; 0 when it is absent. */
export async function allocatedBytes(path: string): Promise<number> {
  const facts = await lstat(path).catch(() => undefined);
  return facts === undefined ? 0 : taken(facts);
}

async function bytesBelow(folder: string, seen: Set<string>): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      sum += await bytesBelow(path, seen);
    } else if (entry.isFile()) {
      const facts = await lstat(path, { bigint: true }).catch(() => undefined);
      const inode = `${String(facts?.dev)} ${String(facts?.ino)}`;
      if (facts === undefined || seen.has(inode)) continue;
      seen.add(inode);
      sum += taken(facts);
    }
  }
  return sum;
}

/** Bytes that an unfinished download at this folder of ours really takes. */
export async function partialBytes(own: string): Promise<number> {
  return bytesBelow(own, new Set());
}

/** The repositories of models in the cache. */
export async function repoFolders(
  hubCache: string,
): Promise<readonly { readonly repo: RepoId; readonly folder: string }[]> {
  const entries = await readdir(hubCache, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith('models--'))
    .map(({ name }) => ({ repo: name.slice('models--'.length).replaceAll('--', '/'), folder: join(hubCache, name) }));
}

// A folder that only looks like a repository belongs to somebody else.
async function ownBytesOf(hubCache: string, repo: RepoId): Promise<number> {
  try {
    return await madeBytes(repoPaths(hubCache, repo));
  } catch {
    return 0;
  }
}

/** What the cache takes, per repository. An absent cache is an empty one. */
export async function measureDisk(hubCache: string): Promise<DiskUse> {
  const repos: RepoUse[] = [];
  for (const { repo, folder } of await repoFolders(hubCache)) {
    const seen = new Set<string>();
    const partial = await bytesBelow(join(folder, '.latchkey'), seen);
    const bytes = await bytesBelow(folder, seen);
    const ownBytes = Math.min(bytes, await ownBytesOf(hubCache, repo));
    repos.push({ repo, bytes, ownBytes, partialBytes: partial });
  }
  return {
    repos,
    cacheBytes: repos.reduce((sum, { bytes }) => sum + bytes, 0),
    partialBytes: repos.reduce((sum, { partialBytes: bytes }) => sum + bytes, 0),
    freeBytes: (await freeSpace(hubCache)).bytes,
  };
}
