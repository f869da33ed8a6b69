import type { Dtype } from '../../../electron/contract/model.ts';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate } from '../../../electron/services/inference/generate.ts';
import { readModelFolder } from '../../../electron/services/inference/modelFolder.ts';
import { commonPrefix } from '../../../electron/services/inference/prefix.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import type { Engine, EngineJob } from './engine.ts';

const greedy = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 };

/**
 * The product's own loop, without its guesses: random weights repeat themselves, so guesses would come true far more
 * often than on real text.
 */
export async function openOurs({ model, threads, context, dtype }: EngineJob): Promise<Engine> {
  const { cpuGraph } = await readModelFolder(model, dtype as Dtype);
  const session = await openSession(cpuGraph, { device: 'cpu', threads });
  const decoder: Decoder = { ...createDecoder(session, context), rewindsCheaply: false };
  let cache = decoder.newCache();
  return {
    async write(prompt, count) {
      cache.truncate(Math.min(commonPrefix(cache.ids, prompt), prompt.length - 1));
      const { stats } = await generate(
        decoder,
        {
          prompt,
          cache,
          sampling: { ...greedy, maxNewTokens: count },
          stop: [],
          endIds: new Set(),
          text: createTextStream((ids) => ids.join(' ')),
        },
        { onText: () => undefined },
      );
      return stats;
    },
    async forget() {
      cache = decoder.newCache();
    },
  };
}
