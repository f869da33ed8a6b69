import type { KvCache } from './kvCache.ts';

/** How many ids two sequences share from the start. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a[same] === b[same]) same++;
  return same;
}

/** KV caches by name, so that the next turn of a chat only computes what is new. */
export interface CachePool {
  /** The cache for `key`, cut to what it shares with `prompt`; at least one token is left to run. */
  take(key: string, prompt: readonly number[]): KvCache;
  /** Lets the cache for `key` go. */
  drop(key: string): void;
  readonly bytes: number;
}

/** Below this many shared tokens computing again costs less than the wait is worth copying for. */
const worthCopying = 32;

/**
 * Keeps the `most` caches used last, as long as all of them together stay under `maxBytes`; the one in use always
 * stays. Two are enough for going back and forth between two chats.
 *
 * A chat that is new here copies what it shares with another one: chats with the same system prompt begin alike.
 */
export function createCachePool(
  create: () => KvCache,
  { most, maxBytes }: { readonly most: number; readonly maxBytes: number },
): CachePool {
  const caches = new Map<string, KvCache>(); // in order of last use
  const bytes = (): number => [...caches.values()].reduce((sum, cache) => sum + cache.bytes, 0);

  const start = (prompt: readonly number[]): KvCache => {
    const fresh = create();
    const shared = [...caches.values()].map((cache) => ({ cache, length: commonPrefix(cache.ids, prompt) }));
    const best = shared.sort((a, b) => b.length - a.length)[0];
    if (best && best.length >= worthCopying) fresh.copyFrom(best.cache, best.length);
    return fresh;
  };

  return {
    get bytes() {
      return bytes();
    },
    drop: (key) => void caches.delete(key),
    take(key, prompt) {
      const cache = caches.get(key) ?? start(prompt);
      caches.delete(key);
      caches.set(key, cache);
      cache.truncate(Math.min(commonPrefix(cache.ids, prompt), prompt.length - 1));
      for (const oldest of caches.keys()) {
        if (oldest === key || (caches.size <= most && bytes() <= maxBytes)) break;
        caches.delete(oldest);
      }
      return cache;
    },
  };
}
