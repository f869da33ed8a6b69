import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { type ModelConfig, tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';
import { TestDecoder } from '../../reference/decoder.ts';
import { forward } from '../../reference/forward.ts';

const room = mkdtempSync(join(tmpdir(), 'convert-'));
afterAll(() => rmSync(room, { recursive: true, force: true }));

const ids = Array.from({ length: 40 }, (_, i) => 2 + ((i * i * 37) % 110));
const oneByOne = ids.map((id) => [id]);

/** Largest distance between two lists of logits. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe('a converted model in fp32 answers like the float64 reference', () => {
  for (const [name, config] of Object.entries<ModelConfig>(tinyConfigs)) {
    it(name, async () => {
      const model = tinyModel(config, 7);
      const source = join(room, name, 'source');
      const output = join(room, name, 'output');
      writeCheckpoint(source, model);
      const result = await convertModel({ source, output, dtype: 'fp32' });
      if (!result.ok) throw new Error(JSON.stringify(result.problem));
      const decoder = await TestDecoder.open(output, 'model.onnx', result.value);
      const expected = forward(model, ids, result.value.contextLength);
      const spread = Math.sqrt(expected.reduce((sum, item) => sum + item * item, 0) / expected.length);
      expect(spread).toBeGreaterThan(0.3); // logits that are all alike would agree by chance
      expect(distance(await decoder.logits([ids]), expected)).toBeLessThan(1e-4);
      const chunks = [ids.slice(0, 17), ids.slice(17, 20), ids.slice(20)];
      expect(distance(await decoder.logits(chunks), expected)).toBeLessThan(1e-4);
      expect(distance(await decoder.logits(oneByOne), expected)).toBeLessThan(1e-4);
      expect(distance(await decoder.logits(chunks, 'present'), expected)).toBeLessThan(1e-4);
      const last = await decoder.logits([ids], 'delta', 1);
      expect(distance(last, expected.subarray(expected.length - config.vocab_size))).toBeLessThan(1e-4);
      await decoder.close();
    });
  }
});
