import type { Device } from '../../contract/model.ts';
import { failed, ok } from '../../contract/result.ts';
import type { GenerateOutput } from '../work/protocol.ts';
import type { Decoder } from './decoder.ts';
import { explainInference, promptTooLong } from './explain.ts';
import { fidelityOf, readFloats } from './fidelity.ts';
import { generate } from './generate.ts';
import type { KeptCaches } from './keptCaches.ts';
import { memoryHere } from './memory.ts';
import { createCachePool } from './prefix.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { Writer } from './writer.ts';

/** Two chats can be open side by side without throwing each other's cache away, within a quarter of the memory. */
const pool = { most: 2, shareOfMemory: 1 / 4 };

/** Writes with our own loop. */
export function createLoopWriter({
  decoder,
  tokenizer,
  endIds,
  kept,
  device,
  takeLoss,
}: {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  readonly endIds: ReadonlySet<number>;
  readonly kept: KeptCaches | undefined;
  /** Where it computes now. */
  readonly device: () => Device;
  /** The loss of the device, once, when it has happened. */
  readonly takeLoss: () => GenerateOutput['lost'];
}): Writer {
  const caches = createCachePool(decoder.newCache, {
    most: pool.most,
    maxBytes: memoryHere() * pool.shareOfMemory,
  });
  let restingWork: (() => Promise<void>) | undefined;
  return {
    async write({ key, prompt, keep = false, ...request }, options) {
      const limit = decoder.contextLength;
      if (prompt.length >= limit) return failed(promptTooLong(prompt.length, limit));
      try {
        const cache = caches.take(key, prompt);
        if (keep && kept) {
          await kept.restore(key, cache, prompt);
          restingWork = () => kept.keep(key, cache);
        }
        const work = { ...request, prompt, cache, endIds, text: tokenizer.stream(prompt) };
        const { finishReason, stats } = await generate(decoder, work, options);
        const lost = takeLoss();
        return ok({ finishReason, stats: { ...stats, device: device() }, ...(lost && { lost }) });
      } catch (error) {
        return failed(explainInference(error));
      }
    },
    async rest() {
      const work = restingWork;
      restingWork = undefined;
      await work?.();
    },
    async forget(key) {
      caches.drop(key);
      await kept?.forget(key);
    },
    async compare(ids, reference) {
      try {
        const logits = await decoder.forward(decoder.newCache(), ids, ids.length);
        return ok(fidelityOf(await readFloats(reference), logits, ids.length));
      } catch (error) {
        return failed(explainInference(error));
      }
    },
    close: () => decoder.release(),
  };
}
