/**
 * The storage room: what is on disk, taking things away, carrying models to other computers, moving them to another disk.
 * It copies and removes; what a model or a download is, its neighbours know.
 */
import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageState } from '../../contract/storage.ts';
import { measureDisk } from '../download/diskUse.ts';
import { leftoverBytes } from '../download/leftovers.ts';
import { isLeftover } from '../models/manifest.ts';

/** Bytes of a folder's files, links not followed. Absent = 0. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        lstat(join(entry.parentPath, entry.name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Folders beside the models that an interrupted job left. */
export async function leftoverFolders(modelsFolder: string): Promise<readonly string[]> {
  const names = await readdir(modelsFolder).catch(() => []);
  return names.filter(isLeftover).map((name) => join(modelsFolder, name));
}

/** Bytes this account may still write at `folder`; Infinity when nobody can say. */
async function freeAt(folder: string): Promise<number> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}

/** What is on disk: official files, converted models, partial downloads; blobs counted once. Only reads. */
export async function survey(options: {
  readonly models: string;
  readonly modelsReachable: boolean;
  readonly hubCache: string;
  /** Repositories whose unfinished downloads are still wanted. */
  readonly wanted: (repo: string) => boolean;
  /** Repositories that a journey works with right now. */
  readonly inUse: (repo: string) => boolean;
  readonly preparing: boolean;
}): Promise<StorageState> {
  const { models, hubCache } = options;
  const unfinished = await leftoverFolders(models);
  const [modelsBytes, unfinishedBytes, cache, partialLeftovers, free] = await Promise.all([
    folderBytes(models),
    Promise.all(unfinished.map(folderBytes)).then((sizes) => sizes.reduce((sum, size) => sum + size, 0)),
    measureDisk(hubCache),
    leftoverBytes(hubCache, options.wanted),
    freeAt(models),
  ]);
  return {
    modelsFolder: models,
    modelsReachable: options.modelsReachable,
    cacheFolder: hubCache,
    modelsBytes: modelsBytes - unfinishedBytes,
    cacheBytes: cache.cacheBytes,
    partialBytes: cache.partialBytes,
    freeBytes: Math.min(cache.freeBytes, free),
    cached: cache.repos
      .filter((one) => one.bytes > 0 || one.partialBytes > 0)
      .map((one) => ({ ...one, inUse: options.inUse(one.repo) }))
      .sort((a, b) => b.bytes - a.bytes),
    // What is being prepared right now is needed by somebody.
    leftoverBytes: partialLeftovers + (options.preparing ? 0 : unfinishedBytes),
  };
}
