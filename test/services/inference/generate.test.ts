import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate, type Generation } from '../../../electron/services/inference/generate.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import { convertedStories, expectedCases, greedy, removeFolders, storiesPresent } from './models.ts';

/** Text of ids for tests that look at ids only. */
const spelled = (ids: readonly number[]): string => ids.map((id) => `<${id}>`).join('');

describe.skipIf(!storiesPresent).each(['model', 'loop'])(
  'writing with the %s graph of a real checkpoint (needs ../shared/models)',
  (graph) => {
    let decoder: Decoder;
    beforeAll(async () => {
      const folder = await convertedStories('fp32');
      decoder = createDecoder(await openSession(`${folder}/onnx/${graph}.onnx`, { device: 'cpu', threads: 1 }), 512);
    });
    afterAll(async () => {
      await decoder.release();
      removeFolders();
    });

    const work = (prompt: number[], changes: Partial<Generation> = {}): Generation => ({
      prompt,
      cache: decoder.newCache(),
      sampling: greedy,
      stop: [],
      endIds: new Set([2]),
      text: createTextStream(spelled),
      ...changes,
    });
    const run = async (
      job: Generation,
      signal?: AbortSignal,
    ): Promise<{ text: string } & Awaited<ReturnType<typeof generate>>> => {
      let text = '';
      const result = await generate(decoder, job, { onText: (piece) => (text += piece), ...(signal && { signal }) });
      return { ...result, text };
    };

    describe.each(storiesPresent ? expectedCases() : [])(
      'after "$prompt"',
      ({ prompt_ids, new_ids, stopped_on_eos }) => {
        const sampling = { ...greedy, maxNewTokens: new_ids.length + (stopped_on_eos === null ? 0 : 1) };
        const wanted = stopped_on_eos === null ? new_ids : [...new_ids, stopped_on_eos];

        it('writes the ids of the independent reference', async () => {
          const { newIds, finishReason, stats } = await run(work(prompt_ids, { sampling }));
          expect(newIds).toEqual(wanted);
          expect(finishReason).toBe(stopped_on_eos === null ? 'length' : 'stop');
          expect(stats).toMatchObject({ promptTokens: prompt_ids.length, reusedTokens: 0, newTokens: wanted.length });
          expect(stats.tokensPerSecond).toBeGreaterThan(0);
          expect(stats.firstTokenSeconds).toBeGreaterThan(0);
        });

        it('writes the same when the prompt was read one token at a time', async () => {
          const cache = decoder.newCache();
          for (const id of prompt_ids.slice(0, -1)) await decoder.forward(cache, [id]);
          const { newIds, stats } = await run(work(prompt_ids, { sampling, cache }));
          expect(newIds).toEqual(wanted);
          expect(stats.reusedTokens).toBe(prompt_ids.length - 1);
        });

        it('writes the same from a cache that went on elsewhere and was cut back', async () => {
          const cache = decoder.newCache();
          await decoder.forward(cache, prompt_ids);
          await decoder.forward(cache, [94, 313, 200]);
          cache.truncate(prompt_ids.length - 1);
          expect((await run(work(prompt_ids, { sampling, cache }))).newIds).toEqual(wanted);
        });

        it('writes the same from a copy of the beginning of another cache', async () => {
          const other = decoder.newCache();
          await decoder.forward(other, [...prompt_ids, 94, 313]);
          const cache = decoder.newCache();
          cache.copyFrom(other, prompt_ids.length - 1);
          await decoder.forward(other, [7, 8, 9]); // the original going on must not matter
          expect((await run(work(prompt_ids, { sampling, cache }))).newIds).toEqual(wanted);
        });
      },
    );

    it('reads a prompt longer than one piece as one', async () => {
      const [first] = expectedCases();
      const long = Array.from({ length: 60 }, () => first!.prompt_ids).flat(); // 360 tokens: two pieces, two capacities
      const whole = decoder.newCache();
      const logits = await decoder.forward(whole, long);
      const pieces = decoder.newCache();
      let last = new Float32Array();
      for (let at = 0; at < long.length; at += 7)
        last = (await decoder.forward(pieces, long.slice(at, at + 7))).slice();
      expect(pieces.ids).toEqual(whole.ids);
      const off = Math.max(...logits.map((value, index) => Math.abs(value - last[index]!)));
      expect(off).toBeLessThan(1e-4);
      expect((await run(work(long))).newIds).toEqual((await run(work(long, { cache: cutBack(pieces, long) }))).newIds);
    });

    function cutBack(cache: ReturnType<Decoder['newCache']>, ids: number[]): typeof cache {
      cache.truncate(ids.length - 1);
      return cache;
    }

    it('gives the logits of as many positions as asked for', async () => {
      const ids = expectedCases()[1]!.prompt_ids;
      const three = await decoder.forward(decoder.newCache(), ids, 3);
      const cache = decoder.newCache();
      await decoder.forward(cache, ids.slice(0, -1));
      const one = await decoder.forward(cache, ids.slice(-1));
      expect(three.length).toBe(3 * one.length);
      one.forEach((value, index) => expect(three[2 * one.length + index]).toBeCloseTo(value, 4));
    });

    it('keeps the text so far when somebody stops it', async () => {
      const { prompt_ids, new_ids } = expectedCases()[0]!;
      const abort = new AbortController();
      let pieces = 0;
      const job = work(prompt_ids);
      let text = '';
      const { finishReason, newIds } = await generate(decoder, job, {
        signal: abort.signal,
        onText: (piece) => {
          text += piece;
          if (++pieces === 5) abort.abort();
        },
      });
      expect(finishReason).toBe('stopped-by-person');
      expect(newIds).toEqual(new_ids.slice(0, 5));
      expect(text).toBe(spelled(new_ids.slice(0, 5)));
      // What the cache knows is what was run, so the next turn can go on from it.
      expect(job.cache.ids).toEqual([...prompt_ids, ...new_ids].slice(0, job.cache.ids.length));
    });

    it('stops between two pieces of a long prompt', async () => {
      const prompt = Array.from({ length: 400 }, (_, index) => 100 + index);
      const abort = new AbortController();
      setImmediate(() => abort.abort());
      const job = work(prompt);
      const { finishReason, newIds } = await run(job, abort.signal);
      expect(finishReason).toBe('stopped-by-person');
      expect(newIds).toEqual([]);
      expect(job.cache.ids.length).toBeLessThan(prompt.length);
    });

    it('runs nothing when it was stopped before it began', async () => {
      const job = work(expectedCases()[0]!.prompt_ids);
      expect(await run(job, AbortSignal.abort())).toMatchObject({
        finishReason: 'stopped-by-person',
        newIds: [],
        text: '',
      });
      expect(job.cache.ids).toEqual([]);
    });

    it('lets other work of the process go on between tokens', async () => {
      let turns = 0;
      let going = true;
      const count = (): void => {
        turns++;
        if (going) setImmediate(count);
      };
      setImmediate(count);
      await run(work(expectedCases()[0]!.prompt_ids));
      going = false;
      expect(turns).toBeGreaterThan(50);
    });

    it('stops at a text that spans two tokens and leaves it out', async () => {
      const { prompt_ids, new_ids } = expectedCases()[0]!;
      const stop = `${new_ids[9]}><${String(new_ids[10]).slice(0, 1)}`;
      const { finishReason, text, newIds } = await run(work(prompt_ids, { stop: ['never', stop] }));
      expect(finishReason).toBe('stop');
      expect(text).toBe(`${spelled(new_ids.slice(0, 9))}<`);
      expect(newIds).toEqual(new_ids.slice(0, 11));
    });

    it('shows what it held back for a stop text that never came', async () => {
      const { prompt_ids, new_ids } = expectedCases()[0]!;
      const stop = `<${new_ids[59]}>x`;
      expect((await run(work(prompt_ids, { stop: [stop] }))).text).toBe(spelled(new_ids));
    });

    it.each([new Set([1030]), new Set([5, 1030, 7])])('ends at any of the ending tokens %s', async (endIds) => {
      const { prompt_ids, new_ids } = expectedCases()[0]!;
      const { finishReason, newIds, text } = await run(work(prompt_ids, { endIds }));
      const end = new_ids.indexOf(1030);
      expect(finishReason).toBe('stop');
      expect(newIds).toEqual(new_ids.slice(0, end + 1));
      expect(text).toBe(spelled(new_ids.slice(0, end)));
    });

    it('fills the context to the last token and no further', async () => {
      const prompt = Array.from({ length: 508 }, (_, index) => 100 + (index % 900));
      const { finishReason, newIds } = await run(work(prompt, { endIds: new Set() }));
      expect(finishReason).toBe('length');
      expect(newIds.length).toBe(4);
    });

    it('draws the same answer again with the same seed', async () => {
      const { prompt_ids } = expectedCases()[2]!;
      const write = async (seed: number): Promise<readonly number[]> =>
        (await run(work(prompt_ids, { sampling: { ...greedy, temperature: 1, topK: 40, topP: 0.95, seed } }))).newIds;
      expect(await write(4)).toEqual(await write(4));
      expect(await write(4)).not.toEqual(await write(5));
    });
  },
);
