import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LanguageModel, openLanguageModel } from '../../../electron/services/inference/languageModel.ts';
import type { GenerateInput, GenerateOutput } from '../../../electron/services/work/protocol.ts';
import { convertedPractice, greedy, removeFolders } from './models.ts';

const long = { ...greedy, maxNewTokens: 120 };

describe.each(['fp32', 'q4', 'q8', 'q4f16'] as const)('the practice model in %s', (dtype) => {
  let folder: string;
  let model: LanguageModel;
  beforeAll(async () => {
    folder = await convertedPractice(dtype);
    const opened = await openLanguageModel({ folder, dtype, device: 'auto' });
    if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
    model = opened.value;
  });
  afterAll(async () => {
    await model.close();
    removeFolders();
  });

  const chat = async (
    messages: GenerateInput['messages'],
    changes: Partial<GenerateInput> = {},
  ): Promise<{ text: string; value: GenerateOutput }> => {
    let text = '';
    const input = { cacheKey: 'chat', messages, sampling: long, ...changes };
    const result = await model.generate(input, { onText: (piece) => (text += piece) });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    return { text, value: result.value };
  };
  const user = (text: string): GenerateInput['messages'][number] => ({ role: 'user', text });

  it('answers a question and ends its turn by itself', async () => {
    const { text, value } = await chat([user('What is an access token?')]);
    expect(value.finishReason).toBe('stop');
    expect(text).toMatch(/[a-z]{3,} [a-z]{2,}/u);
    expect(text).not.toContain('<|');
    expect(text).not.toContain('\uFFFD');
  });

  it('answers what transformers.js answers from the same folder', async () => {
    env.allowRemoteModels = false;
    const reference = await AutoModelForCausalLM.from_pretrained(folder, {
      dtype,
      device: 'cpu',
      local_files_only: true,
    });
    const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    for (const question of ['What is a gated model?', 'Hi', 'Why does it say 403? 🙂']) {
      const inputs = tokenizer.apply_chat_template([{ role: 'user', content: question }], {
        add_generation_prompt: true,
      }) as { input_ids: { dims: number[] } };
      const output = await reference.generate({ ...inputs, max_new_tokens: 120, do_sample: false });
      const ids = (output as unknown as { tolist(): bigint[][] }).tolist()[0]!.map(Number);
      const written = ids.slice(inputs.input_ids.dims[1]);
      const { text, value } = await chat([user(question)], { cacheKey: question });
      expect(text).toBe(tokenizer.decode(written, { skip_special_tokens: true, clean_up_tokenization_spaces: false }));
      expect(value.stats.newTokens).toBe(written.length);
    }
    await reference.dispose();
  });

  it('takes the next turn up where the last one ended, with the same words as from scratch', async () => {
    const question = user('What is a licence?');
    const first = await chat([question], { cacheKey: 'turns' });
    const turns = [question, { role: 'assistant' as const, text: first.text }, user('Can I work offline?')];
    const next = await chat(turns, { cacheKey: 'turns' });
    const scratch = await chat(turns, { cacheKey: 'scratch' });
    expect(next.text).toBe(scratch.text);
    expect(next.value.stats.reusedTokens).toBeGreaterThanOrEqual(
      first.value.stats.promptTokens + first.value.stats.newTokens - 2,
    );
  });

  it('repeats a drawn answer with the same seed', async () => {
    const sampling = { ...long, temperature: 0.9, topP: 0.95, topK: 50, minP: 0.02, seed: 99 };
    const [one, two] = [
      await chat([user('How do I prepare a model?')], { sampling, cacheKey: 'one' }),
      await chat([user('How do I prepare a model?')], { sampling, cacheKey: 'two' }),
    ];
    expect(one.text).toBe(two.text);
  });

  it('passes the sanity check with plain sentences', async () => {
    const check = await model.sanityCheck({ prompt: 'Hello, I am a software engineer.', maxNewTokens: 20 }, {});
    expect(check).toMatchObject({ ok: true });
    if (check.ok) {
      expect(check.value.text).toMatch(/^\s[A-Z][a-z ,']+/u);
      expect(check.value.tokensPerSecond).toBeGreaterThan(0);
    }
  });
});
