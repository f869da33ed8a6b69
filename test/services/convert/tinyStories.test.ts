import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import type { Dtype } from '../../../electron/contract/model.ts';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { qualityOf, realCheckpoint, subjects } from '../../bench/convert/quality.ts';
import { TestDecoder } from '../../reference/decoder.ts';

const source = realCheckpoint;
const here = existsSync(join(source, 'model.safetensors'));
if (!here) console.warn(`skipped: no real checkpoint at ${source}`);

interface Expected {
  readonly cases: readonly { readonly prompt_ids: number[]; readonly new_ids: number[]; readonly prompt: string }[];
}

describe.skipIf(!here)('a real checkpoint', () => {
  const room = mkdtempSync(join(tmpdir(), 'tinystories-'));
  afterAll(() => rmSync(room, { recursive: true, force: true }));
  const expected = here ? (JSON.parse(readFileSync(join(source, 'expected.json'), 'utf8')) as Expected) : { cases: [] };

  let folders = 0;
  const open = async (dtype: Dtype): Promise<TestDecoder> => {
    const output = join(room, `${++folders}`);
    const result = await convertModel({ source, output, dtype });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    return TestDecoder.open(output, recipeFor(dtype).file, result.value);
  };

  it('says the same words in fp32 as the reference, id by id, with every way to keep the cache and with none', async () => {
    const decoder = await open('fp32');
    for (const { prompt, prompt_ids, new_ids: ids } of expected.cases) {
      for (const style of ['delta', 'present'] as const) {
        expect({ prompt, ids: await decoder.greedy(prompt_ids, ids.length, style) }).toEqual({ prompt, ids });
      }
      const anew = rows(
        await decoder.logits([[...prompt_ids, ...ids.slice(0, -1)]]),
        prompt_ids.length + ids.length - 1,
      );
      expect(anew.slice(prompt_ids.length - 1).map(best)).toEqual(ids);
    }
    const logits = await decoder.logits([expected.cases[0]!.prompt_ids], 'delta', 1);
    const bytes = readFileSync(join(source, 'expected_first_step_logits.f32'));
    const wanted = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    expect(Math.max(...logits.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-4);
    await decoder.close();
  });

  /** Logits of every position of the reference's texts. */
  const everywhere = async (decoder: TestDecoder): Promise<Float32Array[]> => {
    const all: Float32Array[] = [];
    for (const { prompt_ids: prompt, new_ids: ids } of expected.cases) {
      const text = [...prompt, ...ids.slice(0, -1)];
      all.push(...rows(await decoder.logits([text]), text.length));
    }
    return all;
  };

  // The bound is what a position may be wrong by; errors grow with the number of layers, and this model has two.
  it.each([
    ['q8', 0.4],
    ['q4', 4],
  ] as const)('%s chooses as fp32 does wherever fp32 is surer than the error', async (dtype, bound) => {
    const [exact, smaller] = [await open('fp32'), await open(dtype)];
    const [wanted, found] = [await everywhere(exact), await everywhere(smaller)];
    /** How far the lead of the first id over the second is off. */
    const errors = wanted.map((row, i) => {
      const [first, second] = leaders(row);
      return Math.abs(row[first]! - row[second]! - (found[i]![first]! - found[i]![second]!));
    });
    const error = Math.max(...errors);
    expect(error).toBeLessThan(bound);
    const sure = wanted.flatMap((row, i) => {
      const [first, second] = leaders(row);
      return row[first]! - row[second]! > error ? [i] : [];
    });
    const same = wanted.filter((row, i) => best(row) === best(found[i]!)).length;
    console.info(
      `${dtype}: leads are off by ${error.toFixed(3)} at most; ${sure.length} of ${wanted.length} positions are surer, ` +
        `${same} agree`,
    );
    expect(sure.length).toBeGreaterThan(20);
    expect(sure.filter((i) => best(wanted[i]!) !== best(found[i]!))).toEqual([]);
    await exact.close();
    await smaller.close();
  });

  // Kernels of other processors round a little differently, so the bounds leave a quarter above what is measured here.
  it.each([
    ['q8', 0.0005, 10.5],
    ['q4', 0.032, 5.2],
    ['fp16', 0.00001, 16],
  ] as const)('%s stays near fp32 at the bits it is meant to cost', async (dtype, divergence, bits) => {
    const subject = (await subjects()).find(({ source: folder }) => folder === realCheckpoint)!;
    const [quality] = await qualityOf(subject, [dtype]);
    expect(quality!.positions).toBe(488);
    expect(quality!.meanDivergence).toBeLessThan(divergence);
    expect(quality!.bits.body).toBeLessThanOrEqual(bits);
  });
});

/** The rows of a matrix of logits. */
function rows(logits: Float32Array, positions: number): Float32Array[] {
  const width = logits.length / positions;
  return Array.from({ length: positions }, (_, i) => logits.subarray(i * width, (i + 1) * width));
}

function best(row: Float32Array): number {
  return row.reduce((top, value, at) => (value > row[top]! ? at : top), 0);
}

/** The two ids with the highest logits. */
function leaders(row: Float32Array): readonly [number, number] {
  const first = best(row);
  const second = row.reduce((top, value, at) => (at !== first && value > row[top]! ? at : top), first === 0 ? 1 : 0);
  return [first, second];
}
