/** The loop beside generate() of @huggingface/transformers on the same folder: the same greedy ids, whatever it reuses. */
import { AutoModelForCausalLM, env, Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dtype } from '../../../electron/contract/model.ts';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate } from '../../../electron/services/inference/generate.ts';
import { openKeptCaches } from '../../../electron/services/inference/keptCaches.ts';
import type { KvCache } from '../../../electron/services/inference/kvCache.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import { loadTokenizer } from '../../../electron/services/inference/tokenizer.ts';
import {
  convertedPractice,
  convertedStories,
  expectedCases,
  greedy,
  removeFolders,
  storiesPresent,
  temporaryFolder,
} from './models.ts';

const count = 200;

/** Ends nothing: every text gets its 200 tokens. */
const noEnd = [2 ** 30];

async function referenceIds(folder: string, dtype: Dtype, prompts: readonly number[][]): Promise<number[][]> {
  env.allowRemoteModels = false;
  const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype, device: 'cpu', local_files_only: true });
  const all: number[][] = [];
  for (const prompt of prompts) {
    const output = (await model.generate({
      inputs: new Tensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length]),
      attention_mask: new Tensor('int64', new BigInt64Array(prompt.length).fill(1n), [1, prompt.length]),
      max_new_tokens: count,
      do_sample: false,
      eos_token_id: noEnd,
    })) as unknown as { tolist(): bigint[][] };
    all.push(output.tolist()[0]!.slice(prompt.length).map(Number));
  }
  await model.dispose();
  return all;
}

/** Texts of a chat, some of which make the model repeat itself. */
const questions = ['What is a gated model?', 'Hello', 'Tell me about tokens, please.'];

async function practicePrompts(folder: string): Promise<number[][]> {
  const tokenizer = await loadTokenizer(folder);
  const prompts = questions.map((text) => tokenizer.encodeRendered(tokenizer.renderChat([{ role: 'user', text }])));
  // Three turns in one prompt: longer than a piece of a prompt, and full of repetitions.
  const long = questions.flatMap((text) => [
    { role: 'user' as const, text },
    {
      role: 'assistant' as const,
      text: 'A model behind a licence. You ask for access, and somebody grants it. '.repeat(3),
    },
  ]);
  return [...prompts, tokenizer.encodeRendered(tokenizer.renderChat([...long, { role: 'user', text: questions[0]! }]))];
}

const storyPrompts = (): number[][] => [
  ...expectedCases().map(({ prompt_ids }) => prompt_ids),
  expectedCases()
    .flatMap(({ prompt_ids, new_ids }) => [...prompt_ids, ...new_ids])
    .slice(0, 250),
];

async function write(decoder: Decoder, prompt: readonly number[], cache: KvCache): Promise<readonly number[]> {
  const text = createTextStream((ids) => ids.join(' '));
  const work = {
    prompt,
    cache,
    sampling: { ...greedy, maxNewTokens: count },
    stop: [],
    endIds: new Set<number>(),
    text,
  };
  return (await generate(decoder, work, { onText: () => undefined })).newIds;
}

type Way = (decoder: Decoder, prompt: number[], continued: readonly number[]) => Promise<readonly number[]>;

const withoutGuesses = (decoder: Decoder): Decoder => ({ ...decoder, rewindsCheaply: false });

async function readIn(decoder: Decoder, ids: readonly number[], piece: number): Promise<KvCache> {
  const cache = decoder.newCache();
  for (let at = 0; at < ids.length; at += piece) await decoder.forward(cache, ids.slice(at, at + piece));
  return cache;
}

const afterReading =
  (piece: number, by: (decoder: Decoder) => Decoder): Way =>
  async (decoder, prompt) =>
    write(by(decoder), prompt, await readIn(decoder, prompt.slice(0, -1), piece));
/** As after "Another answer": the cache holds the prompt, an answer and a next question, and is cut back. */
const writtenAgain =
  (piece: number, by: (decoder: Decoder) => Decoder): Way =>
  async (decoder, prompt, continued) => {
    const cache = await readIn(decoder, [...prompt, ...continued.slice(0, 90), 5, 6, 7], piece);
    cache.truncate(prompt.length - 1);
    return write(by(decoder), prompt, cache);
  };
const withGuesses = (decoder: Decoder): Decoder => decoder;

/** Reuse of the cache, reading in pieces and guessing: each alone, and each with the others. */
const ways: Readonly<Record<string, Way>> = {
  'token by token': (decoder, prompt) => write(withoutGuesses(decoder), prompt, decoder.newCache()),
  'with guesses': (decoder, prompt) => write(decoder, prompt, decoder.newCache()),
  'after reading the prompt in pieces of 7': afterReading(7, withoutGuesses),
  'after reading the prompt in pieces of 7, with guesses': afterReading(7, withGuesses),
  'after reading the prompt in one piece': afterReading(4096, withoutGuesses),
  'after reading the prompt in one piece, with guesses': afterReading(4096, withGuesses),
  'from the cache of a turn that is written again': writtenAgain(4096, withoutGuesses),
  'from the cache of a turn that is written again, with guesses': writtenAgain(4096, withGuesses),
  'from the cache of a turn that is written again, read in pieces of 64': writtenAgain(64, withoutGuesses),
  'from the cache of a turn that is written again, read in pieces of 64, with guesses': writtenAgain(64, withGuesses),
  'from a cache that was kept on disk': async (decoder, prompt) => {
    const kept = { fingerprint: new Uint8Array(32), bytesPerToken: decoder.bytesPerToken };
    const options = { folder: temporaryFolder(), model: 'one', kept, mostBytes: 2 ** 30, leastFree: 0 };
    const spaced = [...prompt.slice(0, -1), ...Array.from({ length: 70 }, () => 9)]; // short caches are not worth reading
    await openKeptCaches(options).keep('chat', await readIn(decoder, spaced, 50));
    const cache = decoder.newCache();
    await openKeptCaches(options).restore('chat', cache, spaced);
    expect(cache.ids).toEqual(spaced.slice(0, -1));
    cache.truncate(prompt.length - 1);
    return write(decoder, prompt, cache);
  },
};

/**
 * Products with 8-bit activations turn the last bit of a sum into a whole step, so that two orders of the same sums
 * give logits up to about 0.2 apart (transformers.js itself writes another text when its prompt comes in pieces).
 * Where the reference has two tokens closer than that, either is right.
 */
const tie = 0.3;

/** The first place where the texts part, if the two tokens there are not as good as equal. */
async function realDifference(
  decoder: Decoder,
  prompt: readonly number[],
  [ours, theirs]: readonly [readonly number[], readonly number[]],
): Promise<string | undefined> {
  const at = ours.findIndex((id, index) => id !== theirs[index]);
  if (at < 0) return ours.length === theirs.length ? undefined : 'another length';
  const logits = await decoder.forward(await readIn(decoder, [...prompt, ...ours.slice(0, at)].slice(0, -1), 64), [
    [...prompt, ...ours.slice(0, at)].at(-1)!,
  ]);
  const gap = Math.abs(logits[ours[at]!]! - logits[theirs[at]!]!);
  return gap < tie ? undefined : `${gap} at ${at}`;
}

const models = [
  ['the practice model', convertedPractice, practicePrompts, true],
  ['a real checkpoint', convertedStories, async () => storyPrompts(), storiesPresent],
] as const;

/** Every way through the loop's own graph in full precision; the rest shows that graph and precision change nothing. */
const rows = [
  ['fp32', 'loop', Object.keys(ways)],
  [
    'fp32',
    'model',
    ['with guesses', 'from the cache of a turn that is written again, read in pieces of 64, with guesses'],
  ],
  ['q4', 'loop', ['token by token', 'with guesses', 'from a cache that was kept on disk']],
] as const;

for (const [name, converted, promptsOf, present] of models) {
  describe.skipIf(!present).each(rows)(`${name} in %s, through the %s graph`, (dtype, graph, some) => {
    let prompts: number[][];
    let wanted: number[][];
    let decoder: Decoder;
    beforeAll(async () => {
      const folder = await converted(dtype);
      prompts = await promptsOf(folder);
      wanted = await referenceIds(folder, dtype, prompts);
      const path = `${folder}/onnx/${graph}${dtype === 'q4' ? '_q4' : ''}.onnx`;
      decoder = createDecoder(await openSession(path, { device: 'cpu', threads: 1 }), 512);
    });
    afterAll(async () => {
      await decoder.release();
      removeFolders();
    });

    it('has 200 tokens of the reference to compare with', () => {
      for (const ids of wanted) expect(ids).toHaveLength(count);
      expect(new Set(wanted.flat()).size).toBeGreaterThan(30); // not one word for ever
    });

    it.each(some)('writes the ids of transformers.js %s', async (way) => {
      for (const [index, prompt] of prompts.entries()) {
        const ids = await ways[way]!(decoder, prompt, wanted[index]!);
        if (dtype === 'fp32') expect(ids).toEqual(wanted[index]);
        else expect(await realDifference(decoder, prompt, [ids, wanted[index]!])).toBeUndefined();
      }
    });

    it('would notice one wrong row in the cache', async () => {
      const prompt = prompts.at(-1)!;
      const wrong = prompt.map((id, index) => (index === prompt.length - 2 ? id + 1 : id));
      const cache = await readIn(decoder, wrong.slice(0, -1), 64);
      const logits = await decoder.forward(cache, prompt.slice(-1));
      const right = await decoder.forward(await readIn(decoder, prompt.slice(0, -1), 64), prompt.slice(-1));
      expect(Math.max(...logits.map((value, id) => Math.abs(value - right[id]!)))).toBeGreaterThan(tie);
    });
  });
}
