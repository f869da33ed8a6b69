import type { Decoder } from './decoder.ts';
import { promptChunk } from './generate.ts';
import type { KvCache } from './kvCache.ts';
import type { Feeds } from './session.ts';

/** The cache of whichever decoder is in use. After a fall it becomes a cache of the second one when it is next needed. */
class FallingCache implements KvCache {
  inner: KvCache;
  owner: Decoder;

  constructor(owner: Decoder) {
    this.owner = owner;
    this.inner = owner.newCache();
  }

  get ids(): readonly number[] {
    return this.inner.ids;
  }
  get bytes(): number {
    return this.inner.bytes;
  }
  get fetches(): readonly string[] {
    return this.inner.fetches;
  }
  feeds(extra: number): Feeds {
    return this.inner.feeds(extra);
  }
  absorb(outputs: Feeds, ids: readonly number[]): void {
    this.inner.absorb(outputs, ids);
  }
  truncate(length: number): void {
    this.inner.truncate(length);
  }
  copyFrom(other: KvCache, length: number): void {
    if (!(other instanceof FallingCache)) throw new Error('Only a cache of the same kind can be copied');
    if (other.owner === this.owner) this.inner.copyFrom(other.inner, length);
  }
  pack(from: number, to: number): Uint8Array {
    return this.inner.pack(from, to);
  }
  unpack(ids: readonly number[], bytes: Uint8Array, place: { first: number; rows: number }): void {
    this.inner.unpack(ids, bytes, place);
  }
}

/** What a device that was lost gives in place of logits, where the runtime does not notice. */
function areNothing(logits: Float32Array): boolean {
  return Number.isNaN(logits[0]) || logits.every((value) => value === 0);
}

/**
 * A decoder on a device that can be lost at any run (driver reset, unplugged, out of its memory). Then `openSecond` opens
 * the one that stays, which reads again what the cache held, and the run is done there: whoever writes an answer notices
 * a pause and nothing else. The first one is never released: tidying up after a lost device can end the process.
 *
 * `onFall` hears the reason once, after the second decoder is open.
 */
export function createFallingDecoder(
  first: Decoder,
  openSecond: () => Promise<Decoder>,
  onFall: (cause: string) => void,
): Decoder {
  let current = first;

  const fall = async (cause: string): Promise<void> => {
    current = await openSecond();
    onFall(cause);
  };

  const readAgain = async (cache: FallingCache): Promise<void> => {
    const known = [...cache.ids];
    const owner = current;
    const fresh = owner.newCache();
    for (let at = 0; at < known.length; at += promptChunk) {
      await owner.forward(fresh, known.slice(at, at + promptChunk));
    }
    cache.inner = fresh;
    cache.owner = owner;
  };

  return {
    get contextLength() {
      return current.contextLength;
    },
    get bytesPerToken() {
      return current.bytesPerToken;
    },
    get rewindsCheaply() {
      return current.rewindsCheaply;
    },
    newCache: () => new FallingCache(current),
    async forward(cache, ids, keep) {
      if (!(cache instanceof FallingCache)) throw new Error('A cache of another decoder');
      if (cache.owner === first && current === first) {
        try {
          const logits = await first.forward(cache.inner, ids, keep);
          if (!areNothing(logits)) return logits;
          cache.inner.truncate(cache.ids.length - ids.length);
          await fall('the device gives no results any more');
        } catch (error) {
          if (error instanceof RangeError) throw error; // the caller's own mistake
          await fall(error instanceof Error ? error.message : String(error));
        }
      }
      if (cache.owner !== current) await readAgain(cache);
      return current.forward(cache.inner, ids, keep);
    },
    async release() {
      if (current !== first) await current.release();
    },
  };
}
