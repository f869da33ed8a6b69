import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dtype } from '../../../electron/contract/model.ts';
import { type LanguageModel, openLanguageModel } from '../../../electron/services/inference/languageModel.ts';
import type { GenerateInput } from '../../../electron/services/work/protocol.ts';
import {
  chatTemplate,
  convertedStories,
  expectedCases,
  greedy,
  removeFolders,
  storiesPresent,
  temporaryFolder,
  variant,
} from './models.ts';

async function open(folder: string, dtype: Dtype, contextLength?: number): Promise<LanguageModel> {
  const opened = await openLanguageModel({ folder, dtype, device: 'auto', ...(contextLength && { contextLength }) });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  return opened.value;
}

async function answer(
  model: LanguageModel,
  input: Partial<GenerateInput> & Pick<GenerateInput, 'messages'>,
): Promise<{ text: string; result: Awaited<ReturnType<LanguageModel['generate']>> }> {
  let text = '';
  const whole = { cacheKey: 'chat', sampling: greedy, ...input };
  const result = await model.generate(whole, { onText: (piece) => (text += piece) });
  return { text, result };
}

const user = (text: string): GenerateInput['messages'][number] => ({ role: 'user', text });

describe.skipIf(!storiesPresent)('a converted model (needs ../shared/models)', () => {
  const cases = storiesPresent ? expectedCases() : [];
  let folder: string;
  let model: LanguageModel;
  beforeAll(async () => {
    folder = await convertedStories('fp32');
    model = await open(folder, 'fp32');
  });
  afterAll(async () => {
    await model.close();
    removeFolders();
  });

  it.each(cases)('continues "$prompt" with the text of the independent reference', async (one) => {
    const sampling = { ...greedy, maxNewTokens: one.new_ids.length };
    const { text, result } = await answer(model, { messages: [user(one.prompt)], sampling });
    expect(text).toBe(one.new_text_only);
    expect(result).toMatchObject({
      ok: true,
      value: { stats: { promptTokens: one.prompt_ids.length, newTokens: one.new_ids.length, device: 'cpu' } },
    });
  });

  it('reads its own length and manner from the folder', () => {
    expect(model).toMatchObject({ instruct: false, loaded: { contextLength: 512, contextBy: 'model', device: 'cpu' } });
  });

  // Equal arithmetic, equal text; exactness.test.ts is about the loop's own graph.
  it.each([
    ['fp32', 'loop'],
    ['q4', 'loop_q4'],
    ['q8', 'loop_quantized'],
  ] as const)(
    'writes what transformers.js writes from the same %s folder when it has only the graph for anyone',
    async (dtype, loop) => {
      const own = variant(dtype === 'fp32' ? folder : await convertedStories(dtype), `onnx/${loop}.onnx`);
      env.allowRemoteModels = false;
      const reference = await AutoModelForCausalLM.from_pretrained(own, {
        dtype,
        device: 'cpu',
        local_files_only: true,
      });
      const tokenizer = await AutoTokenizer.from_pretrained(own, { local_files_only: true });
      const mine = await open(own, dtype);
      for (const { prompt } of cases.slice(0, 3)) {
        const output = await reference.generate({ ...tokenizer(prompt), max_new_tokens: 60, do_sample: false });
        const ids = (output as unknown as { tolist(): bigint[][] }).tolist()[0]!;
        const whole = tokenizer.decode(ids.map(Number), {
          skip_special_tokens: true,
          clean_up_tokenization_spaces: false,
        });
        const { text } = await answer(mine, { messages: [user(prompt)] });
        expect(prompt + text).toBe(whole);
      }
      await mine.close();
      await reference.dispose();
    },
  );

  it('reuses the cache of a chat and says how much of it', async () => {
    const first = await answer(model, { cacheKey: 'reuse', messages: [user('Once upon a time')] });
    const messages = [
      user('Once upon a time'),
      { role: 'assistant' as const, text: first.text },
      user(' Then the bird'),
    ];
    const again = await answer(model, { cacheKey: 'reuse', messages });
    const fresh = await answer(model, { cacheKey: 'other', messages });
    expect(again.text).toBe(fresh.text);
    if (!again.result.ok) throw new Error('no answer');
    expect(again.result.value.stats.reusedTokens).toBeGreaterThan(40);
  });

  it('refuses a prompt that does not fit, with both numbers, and keeps working', async () => {
    const short = await open(folder, 'fp32', 12);
    expect(short.loaded.contextLength).toBe(12);
    const messages = [user('Once upon a time there was a little dog who lived in a big house with a tree and a bird')];
    const { result, text } = await answer(short, { messages });
    expect(text).toBe('');
    expect(result).toMatchObject({ ok: false, problem: { code: 'prompt-too-long' } });
    if (!result.ok) expect(result.problem.explanation).toMatch(/has \d\d tokens .* at most 12,/u);
    const after = await answer(short, { messages: [user('Once upon a time')] });
    expect(after.result).toMatchObject({ ok: true, value: { finishReason: 'length', stats: { newTokens: 6 } } });
    await short.close();
  });

  it('trusts the position tables of the graph more than config.json', async () => {
    const boastful = variant(folder, 'config.json', (config) => ({ ...config, max_position_embeddings: 100_000 }));
    const opened = await open(boastful, 'fp32');
    expect(opened.loaded.contextLength).toBe(512);
    await opened.close();
  });

  it('runs the sanity check without a template, greedily', async () => {
    const instruct = await open(
      variant(folder, 'tokenizer_config.json', (config) => ({ ...config, chat_template: chatTemplate })),
      'fp32',
    );
    const one = cases[1]!;
    const check = await instruct.sanityCheck({ prompt: one.prompt, maxNewTokens: one.new_ids.length }, {});
    expect(check).toMatchObject({
      ok: true,
      value: { prompt: one.prompt, text: one.new_text_only, tokens: one.new_ids.length },
    });
    await instruct.close();
  });

  describe('with a chat template', () => {
    const turns = [
      { role: 'system' as const, text: 'Be kind.' },
      user('Hi'),
      { role: 'assistant' as const, text: 'Hello' },
      user('Tell a story'),
    ];
    it.each([
      [
        'tokenizer_config.json',
        (from: string) =>
          variant(from, 'tokenizer_config.json', (config) => ({ ...config, chat_template: chatTemplate })),
      ],
      [
        'chat_template.jinja',
        (from: string) => {
          const copy = variant(from, 'tokenizer_config.json', (config) => config);
          writeFileSync(join(copy, 'chat_template.jinja'), chatTemplate);
          return copy;
        },
      ],
    ])('from %s it answers as transformers.js does', async (_, make) => {
      const own = make(folder);
      const instruct = await open(own, 'fp32');
      expect(instruct.instruct).toBe(true);
      const chat = await answer(instruct, { messages: turns });
      env.allowRemoteModels = false;
      const reference = await AutoModelForCausalLM.from_pretrained(own, {
        dtype: 'fp32',
        device: 'cpu',
        local_files_only: true,
      });
      const tokenizer = await AutoTokenizer.from_pretrained(own, { local_files_only: true });
      const inputs = tokenizer.apply_chat_template(
        turns.map(({ role, text }) => ({ role, content: text })),
        { add_generation_prompt: true, chat_template: chatTemplate },
      ) as { input_ids: { dims: number[] } };
      const output = await reference.generate({ ...inputs, max_new_tokens: 60, do_sample: false });
      const ids = (output as unknown as { tolist(): bigint[][] }).tolist()[0]!.map(Number);
      const promptTokens = inputs.input_ids.dims[1]!;
      expect(chat.result).toMatchObject({ ok: true, value: { stats: { promptTokens } } });
      expect(` ${tokenizer.decode(ids.slice(promptTokens), { skip_special_tokens: true })}`).toBe(chat.text);
      await instruct.close();
      await reference.dispose();
    });

    it('stops at any of the ending tokens in generation_config.json', async () => {
      const spot = cases[0]!.new_ids.indexOf(1030);
      const several = variant(folder, 'generation_config.json', (config) => ({ ...config, eos_token_id: [7, 1030] }));
      const opened = await open(several, 'fp32');
      const { result } = await answer(opened, { messages: [user(cases[0]!.prompt)] });
      expect(result).toMatchObject({ ok: true, value: { finishReason: 'stop', stats: { newTokens: spot + 1 } } });
      await opened.close();
    });
  });

  it('stops at a stop text across token borders', async () => {
    const one = cases[0]!;
    const { text, result } = await answer(model, { messages: [user(one.prompt)], stop: ['r mom, d'] });
    expect(text).toBe(one.new_text_only.slice(0, one.new_text_only.indexOf('r mom, d')));
    expect(result).toMatchObject({ ok: true, value: { finishReason: 'stop' } });
  });

  describe('a folder that cannot be used', () => {
    const broken: [string, (folder: string) => string, string][] = [
      ['that does not exist', () => join(temporaryFolder(), 'nothing'), 'config.json is missing'],
      ['without a tokenizer', (from) => variant(from, 'tokenizer.json'), 'tokenizer.json is missing'],
      [
        'without tokenizer settings',
        (from) => variant(from, 'tokenizer_config.json'),
        'tokenizer_config.json is missing',
      ],
      ['without a graph', (from) => variant(from, 'onnx/model.onnx'), 'onnx/model.onnx is missing'],
      ['without weights', (from) => variant(from, 'onnx/model.onnx_data'), 'onnx_data'],
      [
        'with a graph cut short',
        (from) => {
          const copy = variant(from, 'config.json', (config) => config);
          truncateSync(join(copy, 'onnx/model.onnx'), 3000);
          return copy;
        },
        'cut short',
      ],
      [
        'with weights cut short',
        (from) => {
          const copy = variant(from, 'config.json', (config) => config);
          truncateSync(join(copy, 'onnx/model.onnx_data'), 3000);
          return copy;
        },
        '',
      ],
      [
        'with a tokenizer that is no JSON',
        (from) => {
          const copy = variant(from, 'config.json', (config) => config);
          truncateSync(join(copy, 'tokenizer.json'), 500);
          return copy;
        },
        'tokenizer.json is not valid JSON',
      ],
      [
        'with settings that are no object',
        (from) => variant(from, 'config.json', () => [1]),
        'config.json is not a JSON object',
      ],
    ];
    it.each(broken)('%s is told as damaged, with the reason as evidence', async (_, make, reason) => {
      const opened = await openLanguageModel({ folder: make(folder), dtype: 'fp32', device: 'auto' });
      expect(opened).toMatchObject({ ok: false, problem: { code: 'damaged-file' } });
      if (!opened.ok) expect(opened.problem.evidence[0]?.cause).toContain(reason);
    });

    it('gives up opening when asked to', async () => {
      const opened = await openLanguageModel(
        { folder, dtype: 'fp32', device: 'auto' },
        { signal: AbortSignal.abort() },
      );
      expect(opened).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    });

    it('tells weights of not-a-number as damage instead of writing nonsense', async () => {
      const copy = variant(folder, 'config.json', (config) => config);
      const path = join(copy, 'onnx/model.onnx_data');
      const data = readFileSync(path);
      data.fill(0xff, 0, data.length); // float32 with all bits set
      writeFileSync(path, data);
      const opened = await open(copy, 'fp32');
      const { result, text } = await answer(opened, { messages: [user('Hello')] });
      expect(text).toBe('');
      expect(result).toMatchObject({ ok: false, problem: { code: 'damaged-file' } });
      await opened.close();
    });
  });

  it('falls back to the CPU with the reason when a device does not work here', async () => {
    const opened = await openLanguageModel({ folder, dtype: 'fp32', device: 'coreml' });
    if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
    if (process.platform !== 'darwin') {
      expect(opened.value.loaded.device).toBe('cpu');
      expect(opened.value.loaded.fallback?.device).toBe('coreml');
      expect(opened.value.loaded.fallback?.cause).toContain('coreml');
    }
    await opened.value.close();
  });
});
