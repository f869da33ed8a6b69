/** The folder that a conversion makes, in the hands of @huggingface/transformers itself: another program, no network. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dtype } from '../../../electron/contract/model.ts';
import { type ModelConfig, type TinyModel, tinyModel } from '../../reference/checkpoint.ts';
import { type TinyConfigName, tinyConfigs } from '../../reference/configs.ts';
import { convertTiny } from '../../reference/convertTiny.ts';
import { forward } from '../../reference/forward.ts';

const room = mkdtempSync(join(tmpdir(), 'transformers-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

const asked: string[] = [];
beforeAll(() => {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.useFSCache = false;
  env.fetch = (input: string | URL | Request) => {
    asked.push(input instanceof Request ? input.url : input.toString());
    return Promise.reject(new Error('this test has no network'));
  };
});
afterAll(() => expect(asked).toEqual([]));

const prompt = Array.from({ length: 20 }, (_, i) => 2 + ((i * i * 37) % 110));
const words = prompt.map((id) => `w${id}`).join(' ');
const NEW = 10;

/**
 * A random model with scaled, tied embeddings repeats its last id for ever; smaller embeddings let the layers decide.
 * An eighth is exact in every dtype.
 */
function talkative(config: ModelConfig): TinyModel {
  const model = tinyModel(config, 13);
  const embedding = model.tensors.get('model.embed_tokens.weight')!;
  if (config['query_pre_attn_scalar'] !== undefined) embedding.values.forEach((w, i) => (embedding.values[i] = w / 8));
  return model;
}

/** Greedy ids as the library generates them from the folder alone. */
async function withTransformers(folder: string, dtype: Dtype): Promise<number[]> {
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype, device: 'cpu', local_files_only: true });
  const inputs = tokenizer(words) as { input_ids: { tolist(): bigint[][] } };
  expect(inputs.input_ids.tolist()).toEqual([prompt.map(BigInt)]);
  const output = (await model.generate({ ...inputs, max_new_tokens: NEW, do_sample: false })) as {
    tolist(): bigint[][];
  };
  await model.dispose();
  const [ids = []] = output.tolist();
  expect(ids.slice(0, prompt.length)).toEqual(prompt.map(BigInt));
  return ids.slice(prompt.length).map(Number);
}

/** Greedy ids of the float64 reference, which sees the whole text anew for every id. */
function withReference(model: TinyModel, covered: number): number[] {
  const ids = [...prompt];
  for (let step = 0; step < NEW; step++) {
    const last = forward(model, ids, covered).subarray(-model.config.vocab_size);
    ids.push(last.reduce((best, value, id) => (value > last[best]! ? id : best), 0));
  }
  return ids.slice(prompt.length);
}

describe('transformers.js gives the greedy ids of the float64 reference from the fp32 folder', () => {
  it.each(Object.entries<ModelConfig>(tinyConfigs))('%s', async (name, config) => {
    const model = talkative(config);
    const folder = join(room, name);
    const { decoder, report } = await convertTiny(folder, model, 'fp32');
    const expected = withReference(model, report.contextLength);
    expect(new Set(expected).size).toBeGreaterThan(1); // one id for ever would agree by chance
    expect(await withTransformers(join(folder, 'output'), 'fp32')).toEqual(expected);
    expect(await decoder.greedy(prompt, NEW)).toEqual(expected);
    await decoder.close();
  });
});

describe('transformers.js gives our own greedy ids from a smaller folder', () => {
  const some: readonly TinyConfigName[] = ['llama with tied embeddings', 'qwen2', 'gemma3', 'llama with head size 10'];
  const cases = some.flatMap((name) => (['q8', 'q4'] as const).map((dtype) => [dtype, name] as const));
  it.each(cases)('%s: %s', async (dtype, name) => {
    const folder = join(room, dtype, name);
    const { decoder } = await convertTiny(folder, talkative(tinyConfigs[name]), dtype);
    expect(await withTransformers(join(folder, 'output'), dtype)).toEqual(await decoder.greedy(prompt, NEW, 'present'));
    await decoder.close();
  });
});
