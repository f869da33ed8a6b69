import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageState } from '../contract/ipc.ts';
import { measureDisk } from './download/diskUse.ts';
import { makeFolder } from './durable/files.ts';

/** Bytes of a folder's files, links not followed. Absent = 0. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What is on disk: official files, converted models, partial downloads; blobs counted once. */
export async function readStorage(folders: {
  readonly models: string;
  readonly hubCache: string;
}): Promise<StorageState> {
  await makeFolder(folders.models);
  const [modelsBytes, cache, disk] = await Promise.all([
    folderBytes(folders.models),
    measureDisk(folders.hubCache),
    statfs(folders.models),
  ]);
  return {
    modelsFolder: folders.models,
    cacheFolder: folders.hubCache,
    modelsBytes,
    cacheBytes: cache.cacheBytes,
    partialBytes: cache.partialBytes,
    freeBytes: Math.min(cache.freeBytes, disk.bavail * disk.bsize),
  };
}
