import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recipeFor } from '../../../electron/services/convert/recipe.ts';
import { type ModelConfig, tinyModel } from '../../reference/checkpoint.ts';
import { type TinyConfigName, tinyConfigs } from '../../reference/configs.ts';
import { convertTiny } from '../../reference/convertTiny.ts';
import { forward } from '../../reference/forward.ts';
import { asPacked } from '../../reference/unpack.ts';

const room = mkdtempSync(join(tmpdir(), 'architectures-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

const ids = Array.from({ length: 40 }, (_, i) => 2 + ((i * i * 37) % 110));
const oneByOne = ids.map((id) => [id]);
const afterFew = [ids.slice(0, 6), ids.slice(6)];
const inChunks = [ids.slice(0, 17), ids.slice(17, 20), ids.slice(20, 39), ids.slice(39)];

/** Largest distance between two lists of logits. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

const size = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);

describe('a converted model in fp32 answers like the float64 reference', () => {
  it.each(Object.entries<ModelConfig>(tinyConfigs))('%s', async (name, config) => {
    const model = tinyModel(config, 7);
    const { decoder, loop, report, estimate, onnxBytes } = await convertTiny(join(room, name), model, 'fp32');
    const expected = forward(model, ids, report.contextLength);
    expect(size(expected)).toBeGreaterThan(0.3); // logits that are all alike would agree by chance
    expect(distance(await decoder.logits([ids]), expected)).toBeLessThan(1e-4);
    expect(distance(await decoder.logits(inChunks), expected)).toBeLessThan(1e-4);
    expect(distance(await decoder.logits(oneByOne), expected)).toBeLessThan(1e-4);
    expect(distance(await decoder.logits(inChunks, 'present'), expected)).toBeLessThan(1e-4);
    for (const chunks of [[ids], afterFew, inChunks, oneByOne]) {
      expect(distance(await loop!.logits(chunks), expected)).toBeLessThan(1e-4);
    }
    for (const graph of [decoder, loop!]) {
      const last = await graph.logits([ids], 'delta', 1);
      expect(distance(last, expected.subarray(expected.length - config.vocab_size))).toBeLessThan(1e-4);
    }
    expect(onnxBytes).toBe(estimate.outputBytes);
    expect([report.parameters, report.contextLength]).toEqual([estimate.parameters, estimate.contextLength]);
    await decoder.close();
    await loop!.close();
  });

  it.each(['phi3 with longrope, short', 'phi3 with longrope and partial rotation'] as const)(
    '%s, beyond its original context when that was asked for',
    async (name) => {
      const model = tinyModel(tinyConfigs[name], 7);
      const { decoder, loop, report } = await convertTiny(join(room, 'long', name), model, 'fp32', 256);
      expect(report.contextLength).toBe(256);
      const far = Array.from({ length: 90 }, (_, i) => ids[i % ids.length]!);
      const farther = forward(model, far, 256);
      for (const graph of [decoder, loop!]) {
        expect(distance(await graph.logits([far.slice(0, 70), far.slice(70)]), farther)).toBeLessThan(1e-4);
      }
      const expected = forward(model, ids, 256);
      expect(distance(await decoder.logits([ids]), expected)).toBeLessThan(1e-4);
      expect(distance(expected, forward(model, ids, 64))).toBeGreaterThan(0.01); // the two really differ
      await decoder.close();
      await loop!.close();
    },
  );
});

describe('a smaller model answers like the reference with the same rounded weights', () => {
  // What is left are the kernels' own roundings: int8 activations lose about 0.5 % per product, and two dozen products
  // stand in a row; half precision loses 0.05 %.
  const all = Object.keys(tinyConfigs) as TinyConfigName[];
  const some = [
    'llama',
    'llama with biases everywhere',
    'llama with head size 10',
    'gemma3',
    'phi3 with partial rotation',
  ] as const;
  const cases = [
    ['q4', 0.04, all],
    ['q8', 0.03, some],
    ['q4f16', 0.03, some],
    ['fp16', 0.003, some],
  ] as const;
  for (const [dtype, bound, names] of cases) {
    it.each(names)(`${dtype}: %s`, async (name) => {
      const { formats } = recipeFor(dtype);
      const model = tinyModel(tinyConfigs[name], 3);
      const { decoder, loop, report, estimate, onnxBytes } = await convertTiny(join(room, dtype, name), model, dtype);
      const expected = forward(formats ? asPacked(model, formats) : model, ids, report.contextLength);
      const answers = [await decoder.logits(inChunks), await decoder.logits(inChunks, 'present')];
      if (loop) answers.push(await loop.logits(inChunks));
      for (const logits of answers) {
        expect(size(expected.map((value, i) => value - logits[i]!)) / size(expected)).toBeLessThan(bound);
      }
      expect(onnxBytes).toBe(estimate.outputBytes);
      await decoder.close();
      await loop?.close();
    });
  }
});
