import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import type { Dtype } from '../../../electron/contract/model.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { TestDecoder } from '../../reference/decoder.ts';

/** A real trained model of 656 thousand weights, kept outside the repository beside its checkout. */
const source = fileURLToPath(new URL('../../../../shared/models/TinyStories-656K', import.meta.url));
const here = existsSync(join(source, 'model.safetensors'));
if (!here) console.warn(`skipped: no real checkpoint at ${source}`);

interface Expected {
  readonly cases: readonly { readonly prompt_ids: number[]; readonly new_ids: number[]; readonly prompt: string }[];
}

describe.skipIf(!here)('a real checkpoint', () => {
  const room = mkdtempSync(join(tmpdir(), 'tinystories-'));
  afterAll(() => rmSync(room, { recursive: true, force: true }));
  const expected = here ? (JSON.parse(readFileSync(join(source, 'expected.json'), 'utf8')) as Expected) : { cases: [] };

  const open = async (dtype: Dtype): Promise<TestDecoder> => {
    const output = join(room, dtype);
    const result = await convertModel({ source, output, dtype });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    return TestDecoder.open(output, recipeFor(dtype).file, result.value);
  };

  it('says the same words in fp32 as the reference, id by id', async () => {
    const decoder = await open('fp32');
    for (const { prompt, prompt_ids, new_ids: ids } of expected.cases) {
      expect({ prompt, ids: await decoder.greedy(prompt_ids, ids.length) }).toEqual({ prompt, ids });
    }
    const logits = await decoder.logits([expected.cases[0]!.prompt_ids], 'delta', 1);
    const bytes = readFileSync(join(source, 'expected_first_step_logits.f32'));
    const wanted = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect(Math.max(...logits.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-4);
    await decoder.close();
  });

  /** Share of positions where the best next id, given the reference's own text so far, is the reference's. */
  const agreement = async (decoder: TestDecoder): Promise<number> => {
    let [same, all] = [0, 0];
    for (const { prompt_ids: prompt, new_ids: ids } of expected.cases) {
      const logits = await decoder.logits([[...prompt, ...ids.slice(0, -1)]]);
      const vocab = logits.length / (prompt.length + ids.length - 1);
      ids.forEach((id, i) => {
        const row = logits.subarray((prompt.length - 1 + i) * vocab, (prompt.length + i) * vocab);
        const best = row.reduce((top, value, at) => (value > row[top]! ? at : top), 0);
        same += best === id ? 1 : 0;
        all += 1;
      });
    }
    return same / all;
  };

  it.each([
    ['q8', 0.97],
    ['q4', 0.8],
  ] as const)('keeps its words in %s', async (dtype, least) => {
    const decoder = await open(dtype);
    const share = await agreement(decoder);
    console.info(`${dtype}: ${(share * 100).toFixed(1)} % of next ids agree`);
    expect(share).toBeGreaterThan(least);
    await decoder.close();
  });
});
