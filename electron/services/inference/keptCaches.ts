import { createHash } from 'node:crypto';
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, removeTree } from '../durable/files.ts';
import { keepCache, type KeptFor, restoreCache } from './keptCache.ts';
import type { KvCache } from './kvCache.ts';

/** The KV caches of one model's chats in one folder; those of other models lie beside them. */
export interface KeptCaches {
  /** Adds to `cache` what was kept under `key` and continues it along `prompt`. */
  restore(key: string, cache: KvCache, prompt: readonly number[]): Promise<void>;
  /** Keeps `cache` under `key`. A disk that is full or read-only keeps less; an answer never fails for it. */
  keep(key: string, cache: KvCache): Promise<void>;
  forget(key: string): Promise<void>;
}

/** Reading a cache costs about as much as computing this many tokens. */
const worthReading = 64;

/** The part of a file's name that stands for a key; keys themselves may hold anything. */
const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 32);

const ending = '.kv';

/** Names in a folder that may not be there. */
async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(ending));
}

/** Removes what was kept under `key`, whichever model wrote it. */
export async function forgetKept(folder: string, key: string): Promise<void> {
  const end = `.${nameOf(key)}${ending}`;
  for (const name of await namesIn(folder)) if (name.endsWith(end)) await removeTree(join(folder, name));
}

/** Removes everything that was kept for the model `id`. */
export async function forgetKeptOf(folder: string, id: string): Promise<void> {
  for (const name of await namesIn(folder)) if (name.startsWith(`${id}.`)) await removeTree(join(folder, name));
}

/** Tells one model's caches from those of any other: its graph byte for byte, and size and date of its weights. */
export async function fingerprintOf(graph: string, weights: string, bytesPerToken: number): Promise<Uint8Array> {
  const entry = await stat(weights).catch(() => undefined);
  const rest = JSON.stringify([entry?.size, entry?.mtimeMs, bytesPerToken]);
  return createHash('sha256')
    .update(await readFile(graph))
    .update(rest)
    .digest();
}

/** Lets the files go that were written longest ago, never `last`, until all together take at most `mostBytes`. */
async function evict(folder: string, last: string, mostBytes: number): Promise<void> {
  const files = await Promise.all(
    (await namesIn(folder)).map(async (name) => {
      const path = join(folder, name);
      const entry = await stat(path).catch(() => undefined);
      return { path, bytes: entry?.size ?? 0, at: path === last ? Infinity : (entry?.mtimeMs ?? 0) };
    }),
  );
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of files.sort((a, b) => a.at - b.at)) {
    if (total <= mostBytes || path === last) return;
    await removeTree(path);
    total -= bytes;
  }
}

/**
 * Opens the folder for one model. All files together stay under `mostBytes`; a longer cache is kept as far as it fits.
 * Nothing is written while the disk would be left with less than `leastFree` bytes.
 */
export function openKeptCaches(options: {
  readonly folder: string;
  readonly model: string; // its id: a plain file name
  readonly kept: KeptFor;
  readonly mostBytes: number;
  readonly leastFree: number;
}): KeptCaches {
  const { folder, kept, mostBytes } = options;
  const pathOf = (key: string): string => join(folder, `${options.model}.${nameOf(key)}${ending}`);
  return {
    async restore(key, cache, prompt) {
      if (prompt.length - cache.ids.length < worthReading) return;
      await restoreCache(pathOf(key), kept, cache, prompt).catch(() => undefined);
    },
    async keep(key, cache) {
      const path = pathOf(key);
      const tokens = Math.min(cache.ids.length, Math.floor(mostBytes / (kept.bytesPerToken + 8)));
      try {
        await makeFolder(folder);
        const { bavail, bsize } = await statfs(folder);
        if (bavail * bsize - tokens * kept.bytesPerToken < options.leastFree) return;
        await keepCache(path, kept, cache, tokens);
        await evict(folder, path, mostBytes);
      } catch {
        await removeTree(path).catch(() => undefined);
      }
    },
    forget: (key) => removeTree(pathOf(key)),
  };
}
