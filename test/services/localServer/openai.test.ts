/** The official client against the server, with the real engine and the practice model behind it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convertedPractice, endless, removeFolders } from '../inference/models.ts';
import { installed, serve, type Served, turnOn } from './served.ts';

const [taught] = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../build/practice-model/check-questions.json', import.meta.url)), 'utf8'),
) as [{ question: string; answer: string }];

let folder: string;
let served: Served;
let client: OpenAI;
let baseURL: string;
beforeAll(async () => {
  folder = await convertedPractice('q4');
  served = serve(folder);
  baseURL = (await turnOn(served.room)).address;
  client = new OpenAI({ baseURL, apiKey: await served.room.key(), maxRetries: 0 });
});
afterAll(async () => {
  await served.end();
  removeFolders();
});

const model = installed.repo;
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: taught.question }];
const asked = { model, messages };

describe('models', () => {
  test('are listed and found by their names', async () => {
    const list = await client.models.list();
    expect(list.data).toEqual([{ id: model, object: 'model', created: 1_700_000_000, owned_by: 'practice-labs' }]);
    for (const name of [model, `${model}:q4`, installed.id])
      expect((await client.models.retrieve(name)).id).toBe(model);
    await expect(client.models.retrieve('nobody/nothing')).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('a chat completion', () => {
  test('is what the model was taught, with its usage', async () => {
    const answer = await client.chat.completions.create({ ...asked, temperature: 0 });
    expect(answer.object).toBe('chat.completion');
    expect(answer.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: taught.answer, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ]);
    const usage = answer.usage;
    expect(usage?.prompt_tokens).toBeGreaterThan(5);
    expect(usage?.completion_tokens).toBeGreaterThan(5);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  test('as a stream is the same text in pieces, with the usage at the end when asked for', async () => {
    const stream = await client.chat.completions.create({
      ...asked,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(taught.answer);
    expect(chunks.filter(({ choices }) => choices[0]?.delta.content).length).toBeGreaterThan(5);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) as number } });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test("runs through the client's own streaming helper", async () => {
    const runner = client.chat.completions.stream({ ...asked, temperature: 0 });
    expect(await runner.finalContent()).toBe(taught.answer);
  });

  test('ends at max_tokens with the reason length', async () => {
    for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3, max_tokens: 50 }]) {
      const answer = await client.chat.completions.create({ ...asked, ...limit });
      expect(answer.choices[0]?.finish_reason).toBe('length');
      expect(answer.usage?.completion_tokens).toBe(3);
    }
  });

  test('ends before a stop text, which is not part of it', async () => {
    const stop = taught.answer.slice(20, 26);
    const answer = await client.chat.completions.create({ ...asked, temperature: 0, stop: ['never', stop] });
    expect(answer.choices[0]?.message.content).toBe(taught.answer.slice(0, taught.answer.indexOf(stop)));
    expect(answer.choices[0]?.finish_reason).toBe('stop');
  });

  test('with a seed is repeated, with another seed it is not', async () => {
    const hot = { ...asked, temperature: 2, top_p: 1, max_tokens: 40 };
    const text = async (seed: number): Promise<string | null | undefined> =>
      (await client.chat.completions.create({ ...hot, seed })).choices[0]?.message.content;
    const first = await text(1);
    expect(await text(1)).toBe(first);
    expect(await text(2)).not.toBe(first);
  });

  test('with a top_p of almost nothing is greedy whatever the temperature', async () => {
    const answer = await client.chat.completions.create({ ...asked, temperature: 2, top_p: 1e-9 });
    expect(answer.choices[0]?.message.content).toBe(taught.answer);
  });

  test('goes on with a conversation and reuses what was computed', async () => {
    const first = await client.chat.completions.create({ ...asked, temperature: 0 });
    const again = await client.chat.completions.create({
      model,
      temperature: 0,
      messages: [
        ...messages,
        { role: 'assistant', content: first.choices[0]?.message.content ?? '' },
        { role: 'user', content: 'What may a read token do?' },
      ],
    });
    expect(again.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThanOrEqual(first.usage?.prompt_tokens ?? NaN);
  });

  test('that is given up makes room for the next one', async () => {
    const abort = new AbortController();
    const stream = await client.chat.completions.create(
      { ...asked, temperature: 2, seed: 1, stream: true },
      { signal: abort.signal },
    );
    for await (const _ of stream) abort.abort();
    const answer = await client.chat.completions.create({ ...asked, temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe(taught.answer);
  });

  test('takes turns with the chat page', async () => {
    // The page's answers last until the programs have asked.
    const busy = serve(endless(folder));
    try {
      const { address } = await turnOn(busy.room);
      const program = new OpenAI({ baseURL: address, apiKey: await busy.room.key(), maxRetries: 0 });
      const page = (text: string, maxNewTokens: number, signal = new AbortController().signal) =>
        busy.engine.generate(
          installed,
          {
            cacheKey: 'page',
            messages: [{ role: 'user', text }],
            sampling: { ...installed.sampling, maxNewTokens },
          },
          { signal, onText: () => undefined },
        );
      const ends: string[] = [];
      const hold = new AbortController();
      const holding = page('Hello', 900, hold.signal);
      const scripts = [1, 2, 3].map((index) =>
        program.chat.completions.create({ ...asked, max_tokens: 10 }).then(() => ends.push(`script ${index}`)),
      );
      // The page asks after three scripts and still waits for one of them only.
      await expect.poll(() => busy.engine.waiting('server')).toBe(3);
      const asking = page('Hi', 300).then(() => ends.push('page'));
      hold.abort();
      await Promise.all([holding, ...scripts, asking]);
      expect(ends.indexOf('page')).toBe(1);
    } finally {
      await busy.end();
    }
  });
});

describe('a plain completion', () => {
  test('continues a text without the chat template, 16 tokens unless told', async () => {
    const answer = await client.completions.create({ model, prompt: 'Hello, I am a', temperature: 0 });
    expect(answer.object).toBe('text_completion');
    expect(answer.choices[0]?.text.length).toBeGreaterThan(0);
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(16);
    const page = await served.engine.generate(
      installed,
      {
        cacheKey: 'x',
        messages: [{ role: 'user', text: 'Hello, I am a' }],
        plain: true,
        sampling: { ...installed.sampling, maxNewTokens: 16 },
      },
      { signal: new AbortController().signal, onText: () => undefined },
    );
    expect(page).toMatchObject({ ok: true, value: { stats: { promptTokens: answer.usage?.prompt_tokens } } });
  });

  test('as a stream is the same text', async () => {
    const plain = { model, prompt: ['Hello, I am a'], temperature: 0, max_tokens: 12 };
    const whole = await client.completions.create(plain);
    const pieces = [];
    for await (const chunk of await client.completions.create({ ...plain, stream: true }))
      pieces.push(chunk.choices[0]?.text);
    expect(pieces.join('')).toBe(whole.choices[0]?.text);
  });
});

describe('what cannot be done is said in the shape that clients read', () => {
  test('an unknown model', async () => {
    const asking = client.chat.completions.create({ ...asked, model: 'gpt-4o' });
    await expect(asking).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  });

  test('tools', async () => {
    const asking = client.chat.completions.create({
      ...asked,
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    await expect(asking).rejects.toBeInstanceOf(BadRequestError);
    await expect(asking).rejects.toMatchObject({ param: 'tools', type: 'invalid_request_error' });
  });

  test('a prompt longer than the model reads', async () => {
    const content = 'word '.repeat(3000);
    const asking = client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    await expect(asking).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });

  test('a key that was replaced', async () => {
    const old = await served.room.key();
    const fresh = await served.room.renewKey();
    try {
      await expect(client.models.list()).rejects.toBeInstanceOf(AuthenticationError);
      expect(fresh).not.toBe(old);
      expect((await new OpenAI({ baseURL, apiKey: fresh }).models.list()).data).toHaveLength(1);
    } finally {
      client = new OpenAI({ baseURL, apiKey: fresh, maxRetries: 0 });
    }
  });
});
