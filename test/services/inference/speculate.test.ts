import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../../../electron/services/inference/decoder.ts';
import { generate } from '../../../electron/services/inference/generate.ts';
import { openSession } from '../../../electron/services/inference/session.ts';
import { createGuesser } from '../../../electron/services/inference/speculate.ts';
import { createTextStream } from '../../../electron/services/inference/textStream.ts';
import { convertedStories, expectedCases, greedy, removeFolders, storiesPresent } from './models.ts';

describe('guessing from the text itself', () => {
  it.each([
    ['nothing to go by', [], 9, []],
    ['a text too short to repeat itself', [1, 2, 3], 9, []],
    ['no repetition', [1, 2, 3, 4, 5, 6], 9, []],
    ['only two tokens repeated', [1, 2, 9, 8, 1, 2], 9, []],
    ['three tokens repeated', [1, 2, 3, 4, 5, 6, 1, 2, 3], 9, [4, 5, 6]],
    ['the latest of several occurrences', [1, 2, 3, 4, 1, 2, 3, 5, 6, 7, 1, 2, 3], 9, [5, 6, 7]],
    ['a run of one token', [7, 7, 7, 7], 9, [7]],
    ['little room', [1, 2, 3, 4, 5, 6, 1, 2, 3], 2, [4, 5]],
    ['no room', [1, 2, 3, 4, 5, 6, 1, 2, 3], 0, []],
  ])('with %s', (_, history, most, wanted) => {
    expect(createGuesser().guess(history, most)).toEqual(wanted);
  });

  it('guesses longer while it is right, and keeps silent for a while after a miss', () => {
    const round = Array.from({ length: 20 }, (_, index) => index);
    const history = [...round, ...round.slice(0, 5)];
    const guesser = createGuesser();
    const lengths: number[] = [];
    for (let step = 0; step < 4; step++) {
      lengths.push(guesser.guess(history, 99).length);
      guesser.learn(lengths.at(-1)!);
    }
    expect(lengths).toEqual([3, 5, 7, 7]);
    guesser.guess(history, 99);
    guesser.learn(0);
    const silent = [0, 1, 2, 3, 4].map((more) => guesser.guess([...history, ...round.slice(5, 5 + more)], 99).length);
    expect(silent).toEqual([0, 0, 0, 0, 3]);
  });
});

describe.skipIf(!storiesPresent).each(['model', 'loop'])(
  'with the %s graph of a real checkpoint (needs ../shared/models)',
  (graph) => {
    let decoder: Decoder;
    let runs = 0;
    beforeAll(async () => {
      const folder = await convertedStories('fp32');
      decoder = createDecoder(await openSession(`${folder}/onnx/${graph}.onnx`, { device: 'cpu', threads: 1 }), 512);
    });
    afterAll(async () => {
      await decoder.release();
      removeFolders();
    });

    const write = async (
      guessing: boolean,
      prompt: number[],
      sampling: Parameters<typeof generate>[1]['sampling'],
    ): Promise<{ ids: readonly number[]; cached: readonly number[] }> => {
      runs = 0;
      const cache = decoder.newCache();
      const counted: Decoder = {
        ...decoder,
        rewindsCheaply: guessing,
        forward: (...input) => {
          runs++;
          return decoder.forward(...input);
        },
      };
      const text = createTextStream((ids) => ids.join(' '));
      const work = { prompt, cache, sampling, stop: [], endIds: new Set([2]), text };
      const { newIds } = await generate(counted, work, { onText: () => undefined });
      return { ids: newIds, cached: cache.ids };
    };

    it('writes the ids of the independent reference in fewer runs', async () => {
      const repetitive = expectedCases().find(({ prompt }) => prompt === 'He liked to')!;
      const { ids } = await write(true, repetitive.prompt_ids, greedy);
      expect(ids).toEqual(repetitive.new_ids);
      expect(runs).toBeLessThan(45); // 60 without guesses
    });

    it.each([1, 2, 3, 4, 5, 6])('draws the same tokens with and without guesses (seed %i)', async (seed) => {
      for (const temperature of [0.3, 0.8]) {
        const sampling = { ...greedy, temperature, topK: 40, repetitionPenalty: 1.05, seed, maxNewTokens: 200 };
        const { prompt_ids } = expectedCases()[3]!;
        const plain = await write(false, prompt_ids, sampling);
        const without = runs;
        const guessed = await write(true, prompt_ids, sampling);
        expect(guessed.ids).toEqual(plain.ids);
        expect(runs).toBeLessThanOrEqual(without);
        const all = [...prompt_ids, ...guessed.ids];
        expect(guessed.cached.slice(0, all.length - 1)).toEqual(
          all.slice(0, guessed.cached.length).slice(0, all.length - 1),
        );
      }
    });

    it('fills the context to the last token with guesses too', async () => {
      const prompt = Array.from({ length: 480 }, (_, index) => 100 + (index % 12));
      const { ids } = await write(true, prompt, { ...greedy, maxNewTokens: 400 });
      const plain = await write(false, prompt, { ...greedy, maxNewTokens: 400 });
      expect(ids).toEqual(plain.ids);
      expect(ids.length).toBeLessThanOrEqual(32);
    });
  },
);
