/**
 * A model whose graph our own loop cannot drive, written by transformers.js: everything a person can set or press does here
 * what it does with the loop. The loop has the same graph without the strange input, so the two can be compared.
 */
import fs, { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sampling } from '../../../electron/contract/chat.ts';
import { inlineTensor, modelMessage, nodeMessage, valueMessage } from '../../../electron/services/convert/onnx.ts';
import { type LanguageModel, openLanguageModel } from '../../../electron/services/inference/languageModel.ts';
import type { Doing, GenerateInput, GenerateOutput, LoadInput } from '../../../electron/services/work/protocol.ts';
import { greedy, removeFolders, temporaryFolder, unusualPractice, variant, withoutBranchInput } from './models.ts';

const long: Sampling = { ...greedy, maxNewTokens: 120 };
const question: GenerateInput['messages'] = [{ role: 'user', text: 'What is an access token?' }];

let folder: string;
let model: LanguageModel;
let loop: LanguageModel;

async function open(from: string, more: Partial<LoadInput> = {}): Promise<LanguageModel> {
  const opened = await openLanguageModel({ folder: from, dtype: 'fp32', device: 'auto', ...more });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  return opened.value;
}

/** A copy of the folder in which one JSON file says something else. */
const saying = (file: string, changes: Readonly<Record<string, unknown>>): string =>
  variant(folder, file, (json) => ({ ...json, ...changes }));

async function write(
  by: LanguageModel,
  input: Partial<GenerateInput> = {},
  options: { readonly signal?: AbortSignal; readonly onText?: (piece: string) => void } = {},
): Promise<{ readonly text: string; readonly pieces: readonly string[] } & GenerateOutput> {
  const pieces: string[] = [];
  const result = await by.generate(
    { cacheKey: 'chat', messages: question, sampling: long, ...input },
    {
      ...(options.signal && { signal: options.signal }),
      onText(piece) {
        pieces.push(piece);
        options.onText?.(piece);
      },
    },
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return { text: pieces.join(''), pieces, ...result.value };
}

beforeAll(async () => {
  folder = await unusualPractice('fp32');
  model = await open(folder);
  loop = await open(withoutBranchInput(folder));
}, 120_000);
afterAll(async () => {
  await model.close();
  await loop.close();
  removeFolders();
});

it('is run by transformers.js, and its twin by the loop', () => {
  expect(model.loaded).toMatchObject({ generic: true, device: 'cpu', contextLength: 1024, contextLimit: 1024 });
  expect(loop.loaded.generic).toBeUndefined();
});

it('leaves the weights to the runtime, which maps them, and reads them no second time', async () => {
  const read = vi.spyOn(fs, 'createReadStream');
  const again = await open(folder);
  const files = read.mock.calls.map(([path]) => String(path));
  read.mockRestore();
  await again.close();
  expect(files.some((path) => path.endsWith('config.json'))).toBe(true); // so this is how the library reads
  expect(files.filter((path) => path.includes('.onnx'))).toEqual([]);
});

describe('each setting of a chat', () => {
  const babble = { ...long, temperature: 2, seed: 7 };
  const rows: readonly (readonly [string, Partial<Sampling>])[] = [
    ['greedy', { temperature: 0 }],
    ['temperature', { temperature: 1.5 }],
    ['top-k', { topK: 4 }],
    ['top-p', { topP: 0.6 }],
    ['min-p', { minP: 0.1 }],
    ['repetition penalty', { repetitionPenalty: 1.6 }],
    ['repetition penalty of a greedy answer', { temperature: 0, repetitionPenalty: 1.6 }],
    ['the seed', { seed: 8 }],
    ['the longest answer', { maxNewTokens: 9 }],
    ['all together', { temperature: 1.2, topK: 30, topP: 0.9, minP: 0.02, repetitionPenalty: 1.1, seed: 99 }],
  ];
  it.each(rows)('%s does here what it does there, and changes the answer', async (_, changes) => {
    const sampling = { ...babble, ...changes };
    const [here, there] = [await write(model, { sampling }), await write(loop, { sampling, cacheKey: 'own' })];
    expect(here.text).toBe(there.text);
    expect(here.finishReason).toBe(there.finishReason);
    expect(here.stats.newTokens).toBe(there.stats.newTokens);
    expect((await write(model, { sampling: babble })).text).not.toBe(here.text);
  });
});

describe('an answer ends', () => {
  it('at the ending token, and says how fast it was', async () => {
    const { finishReason, stats, text } = await write(model);
    expect(finishReason).toBe('stop');
    expect(text).not.toContain('<|');
    expect(stats).toMatchObject({ reusedTokens: 0, device: 'cpu' });
    expect(stats.promptTokens).toBeGreaterThan(5);
    expect(stats.newTokens).toBeGreaterThan(5);
    expect(stats.firstTokenSeconds).toBeGreaterThan(0);
    expect(stats.tokensPerSecond).toBeGreaterThan(0);
  });

  it('at any of several ending tokens, and at those alone', async () => {
    const whole = await write(model);
    const [, , word = ''] = whole.text.split(' ');
    const [id = -1] = model.tokens(` ${word}`).slice(-1);
    const early = await open(saying('generation_config.json', { eos_token_id: [1521, id] }));
    const cut = await write(early);
    expect(cut.finishReason).toBe('stop');
    expect(cut.stats.newTokens).toBeLessThan(whole.stats.newTokens);
    expect(whole.text.startsWith(cut.text)).toBe(true);
    await early.close();
  });

  it.each([[','], ['s a '], ['en o'], ['. ']])('at a stop text, here %j, and says nothing of it', async (stop) => {
    const whole = await write(model);
    const cut = await write(model, { stop: ['never said', stop] });
    const at = whole.text.indexOf(stop);
    expect(cut.text).toBe(at < 0 ? whole.text : whole.text.slice(0, at));
    expect(cut.finishReason).toBe('stop');
    const own = await write(loop, { stop: ['never said', stop], cacheKey: 'own' });
    expect([cut.text, cut.stats.newTokens]).toEqual([own.text, own.stats.newTokens]);
  });

  it('where the context is full, and a longer chat is refused with both numbers', async () => {
    const short = await open(folder, { contextLength: 30 });
    const babble = { ...long, temperature: 2, seed: 1 };
    const { finishReason, stats } = await write(short, { sampling: babble });
    expect(finishReason).toBe('length');
    expect(stats.promptTokens + stats.newTokens).toBe(30);
    const refused = await short.generate(
      { cacheKey: 'c', messages: [{ role: 'user', text: 'word '.repeat(60) }], sampling: long },
      { onText: () => undefined },
    );
    expect(refused).toMatchObject({ ok: false, problem: { code: 'prompt-too-long' } });
    await short.close();
  });

  it('where the tables of the graph end, whatever config.json promises', async () => {
    const boastful = await open(saying('config.json', { max_position_embeddings: 100_000 }));
    expect(boastful.loaded.contextLength).toBe(1024);
    await boastful.close();
  });

  it('when the person stops it, with what was written', async () => {
    const whole = await write(model, { sampling: { ...long, temperature: 2, seed: 1 } });
    const abort = new AbortController();
    const stopped = await write(
      model,
      { sampling: { ...long, temperature: 2, seed: 1 } },
      { signal: abort.signal, onText: () => abort.abort() },
    );
    expect(stopped.finishReason).toBe('stopped-by-person');
    expect(stopped.stats.newTokens).toBeLessThan(whole.stats.newTokens);
    expect(whole.text.startsWith(stopped.text)).toBe(true);
    expect(stopped.text).not.toBe('');
  });

  it('before it begins, when it was stopped before', async () => {
    const stopped = await write(model, {}, { signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ text: '', finishReason: 'stopped-by-person', stats: { newTokens: 0 } });
  });
});

it('hands characters of several bytes out whole, and lone bytes as soon as that is certain', async () => {
  // The words " the" and " Hub" change places with the two bytes of "\u00fc" in the tokenizer.
  const bytewise = variant(folder, 'tokenizer.json', (json) => {
    const { vocab } = json['model'] as { vocab: Record<string, number | undefined> };
    for (const [word, byte] of [
      ['\u0120the', '\u00c3'],
      ['\u0120Hub', '\u00bc'],
    ] as const)
      [vocab[word], vocab[byte]] = [vocab[byte], vocab[word]];
    return json;
  });
  const [generic, own] = [await open(bytewise), await open(withoutBranchInput(bytewise))];
  const messages: GenerateInput['messages'] = [{ role: 'user', text: 'What does 401 mean?' }];
  const { pieces } = await write(generic, { messages });
  expect(pieces.slice(0, 6)).toEqual(['A', ' ', '401', ' means', ' that', '\u00fc']);
  expect(pieces).toContain('\ufffd token'); // " the token": half a character, so the next token decides
  expect((await write(own, { messages })).pieces).toEqual(pieces);
  await generic.close();
  await own.close();
});

it('takes no orders from the repository: not what may be said, not how long, not how often', async () => {
  const whole = await write(model);
  const ids = model.tokens(whole.text);
  const commanding = {
    do_sample: true,
    num_beams: 4,
    num_return_sequences: 2,
    temperature: 0.01,
    repetition_penalty: 3,
    no_repeat_ngram_size: 1,
    min_length: 500,
    min_new_tokens: 400,
    max_length: 3,
    max_new_tokens: 2,
    suppress_tokens: ids,
    begin_suppress_tokens: ids.slice(0, 1),
    bad_words_ids: ids.map((id) => [id]),
    forced_bos_token_id: 5,
    forced_eos_token_id: 6,
    guidance_scale: 4,
    return_dict_in_generate: true,
  };
  const bossy = await open(saying('generation_config.json', commanding));
  const told = await write(bossy);
  expect([told.text, told.finishReason, told.stats.newTokens]).toEqual([whole.text, 'stop', whole.stats.newTokens]);
  await bossy.close();
});

it('announces its runs, so that a long prompt on a slow computer is not taken for a hang', async () => {
  const said: (readonly [Doing, number])[] = [];
  const opened = await openLanguageModel(
    { folder, dtype: 'fp32', device: 'auto' },
    { announce: (doing, seconds) => said.push([doing, seconds]) },
  );
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  const words = 'word '.repeat(300);
  const { stats } = await write(opened.value, { messages: [{ role: 'user', text: words }] });
  const runs = said.filter(([doing]) => doing === 'run').map(([, seconds]) => seconds);
  expect(runs[0]).toBeGreaterThanOrEqual(stats.promptTokens);
  expect(runs.at(-1)).toBe(0);
  await opened.value.close();
});

it('counts the memory of its cache, of which there are two while it writes, and of the logits of a whole prompt', () => {
  const { layers, heads, size, vocabulary } = { ...shape() };
  expect(model.loaded.memory.cache).toBe(1024 * (2 * 2 * layers * heads * size * 4 + 0 * vocabulary));
});

describe('a folder that transformers.js cannot use either', () => {
  it('because it knows no such model is told as that, not as damage', async () => {
    const strange = saying('config.json', { model_type: 'perpetuum' });
    expect(await openLanguageModel({ folder: strange, dtype: 'fp32', device: 'auto' })).toMatchObject({
      ok: false,
      problem: { code: 'unsupported-architecture' },
    });
  });

  it('because the graph asks for what nobody gives is told so with the first answer', async () => {
    const greedyGraph = join(temporaryFolder(), 'model');
    cpSync(folder, greedyGraph, { recursive: true });
    const path = join(greedyGraph, 'onnx/model.onnx');
    const graph = readFileSync(path);
    writeFileSync(
      path,
      Buffer.from(graph.toString('latin1').replace('use_cache_branch', 'use_other_branch'), 'latin1'),
    );
    const opened = await open(greedyGraph);
    const result = await opened.generate(
      { cacheKey: 'c', messages: question, sampling: long },
      { onText: () => undefined },
    );
    expect(result).toMatchObject({ ok: false, problem: { code: 'unsupported-architecture' } });
    await opened.close();
  });

  it('because the graph remembers nothing is refused before it is loaded', async () => {
    const forgetful = join(temporaryFolder(), 'model');
    cpSync(folder, forgetful, { recursive: true });
    writeFileSync(
      join(forgetful, 'onnx/model.onnx'),
      modelMessage({
        nodes: [nodeMessage({ operator: 'Gather', inputs: ['table', 'input_ids'], outputs: ['logits'] })],
        tensors: [inlineTensor('table', 'float', [2, 2], new Uint8Array(16))],
        inputs: [valueMessage('input_ids', 'int64', ['batch', 'sequence'])],
        outputs: [valueMessage('logits', 'float', ['batch', 'sequence', 2])],
      }),
    );
    expect(await openLanguageModel({ folder: forgetful, dtype: 'fp32', device: 'auto' })).toMatchObject({
      ok: false,
      problem: {
        code: 'unsupported-architecture',
        evidence: [{ cause: expect.stringContaining('KV cache') as string }],
      },
    });
  });
});

/** Sizes of the practice model, from its own words. */
function shape(): { layers: number; heads: number; size: number; vocabulary: number } {
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Readonly<Record<string, number>>;
  return {
    layers: config['num_hidden_layers'] ?? 0,
    heads: config['num_key_value_heads'] ?? 0,
    size: config['head_dim'] ?? (config['hidden_size'] ?? 0) / (config['num_attention_heads'] ?? 1),
    vocabulary: config['vocab_size'] ?? 0,
  };
}
