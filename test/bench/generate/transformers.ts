import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, EngineJob } from './engine.ts';

/** generate() of @huggingface/transformers on our own folder. It keeps no cache between calls. */
export async function openTransformers({ model, dtype, threads }: EngineJob): Promise<Engine> {
  env.allowRemoteModels = false;
  const loaded = await AutoModelForCausalLM.from_pretrained(model, {
    dtype: dtype as 'q4',
    device: 'cpu',
    local_files_only: true,
    session_options: { intraOpNumThreads: threads },
  });
  await atRest();
  const seconds = async (prompt: readonly number[], count: number): Promise<number> => {
    const ids = new Tensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length]);
    const mask = new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), [1, prompt.length]);
    const began = performance.now();
    await loaded.generate({
      inputs: ids,
      attention_mask: mask,
      max_new_tokens: count,
      min_new_tokens: count,
      do_sample: false,
    });
    return (performance.now() - began) / 1000;
  };
  return {
    async write(prompt, count) {
      const firstTokenSeconds = await seconds(prompt, 1);
      const rest = count > 1 ? (await seconds(prompt, count)) - firstTokenSeconds : NaN;
      return { firstTokenSeconds, tokensPerSecond: (count - 1) / rest };
    },
    async forget() {
      // nothing is kept
    },
  };
}

/**
 * The library goes on reading the weights file to its end, for nothing, after it has loaded the model; whoever is measured
 * beside it meanwhile has half a processor less.
 */
async function atRest(): Promise<void> {
  for (let restful = 0; restful < 4;) {
    const before = process.cpuUsage();
    await pause(250);
    const { user, system } = process.cpuUsage(before); // microseconds
    restful = user + system < 10_000 ? restful + 1 : 0;
  }
}
