import { createKvCache, type KvCache } from './kvCache.ts';
import { bytesPerToken, readLayout } from './layout.ts';
import { createDeviceCache } from './deviceCache.ts';
import { type DecoderSession, type Feeds, floatsOf, integers } from './session.ts';

/** A graph that can be asked for logits. */
export interface Decoder {
  readonly contextLength: number; // tokens
  readonly bytesPerToken: number; // of KV cache
  /** Taking tokens back from a cache of this graph copies nothing. */
  readonly rewindsCheaply: boolean;
  readonly newCache: () => KvCache;
  /**
   * Runs `ids` after the tokens in `cache` and adds them to it. Gives the logits of the last `keep` positions, row by
   * row; the array is fresh, so the caller may write into it. Blocks the thread, after yielding once.
   */
  forward(cache: KvCache, ids: readonly number[], keep?: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Drives a session by its own layout.
 *
 * @throws Error with the reason when the graph is no decoder we can drive.
 */
export function createDecoder(session: DecoderSession, contextLength: number): Decoder {
  const layout = readLayout(session);
  let ones = new BigInt64Array(256).fill(1n);

  /** No padding ever, so the mask is all ones; views of one array save an allocation per token. */
  const maskOf = (length: number): BigInt64Array => {
    if (length > ones.length) ones = new BigInt64Array(Math.max(length, ones.length * 2)).fill(1n);
    return ones.subarray(0, length);
  };

  return {
    contextLength,
    bytesPerToken: bytesPerToken(layout),
    rewindsCheaply: layout.rowsOut,
    newCache: () => (session.cut ? createDeviceCache(layout, session.cut) : createKvCache(layout, contextLength)),
    async forward(cache, ids, keep = 1) {
      const start = cache.ids.length;
      const total = start + ids.length;
      if (total > contextLength) throw new RangeError(`${total} tokens do not fit into ${contextLength}`);
      if (cache.settle) await cache.settle();
      const feeds: Feeds = {
        ...cache.feeds(ids.length),
        input_ids: integers(BigInt64Array.from(ids, BigInt), [1, ids.length]),
        ...(layout.wantsMask && { attention_mask: integers(maskOf(total), [1, total]) }),
        ...(layout.wantsPositions && {
          position_ids: integers(
            BigInt64Array.from(ids, (_, index) => BigInt(start + index)),
            [1, ids.length],
          ),
        }),
        ...(layout.wantsKeep && { num_logits_to_keep: integers(BigInt64Array.of(BigInt(keep)), []) }),
      };
      const outputs = await session.run(feeds, ['logits', ...cache.fetches]);
      cache.absorb(outputs, ids);
      const { logits } = outputs;
      const vocabulary = logits?.dims.at(-1) ?? 0;
      const all = floatsOf(logits, 'logits');
      const kept = all.subarray(all.length - keep * vocabulary); // a graph without the input gives every position
      return kept instanceof Float32Array ? kept : Float32Array.from(kept);
    },
    release: () => session.release(),
  };
}
