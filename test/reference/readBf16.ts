import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig, Tensor, TinyModel } from './checkpoint.ts';

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** Reads a sharded BF16 checkpoint whole, in the plainest way there is; for small models and for comparison only. */
export function readBf16Model(folder: string): TinyModel {
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const { weight_map: map } = json('model.safetensors.index.json') as { weight_map: Record<string, string> };
  const tensors = new Map<string, Tensor>();
  for (const shard of new Set(Object.values(map))) {
    const bytes = readFileSync(join(folder, shard));
    const end = 8 + Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, end).toString()) as Record<string, HeaderEntry>;
    for (const [name, { dtype, shape, data_offsets: place }] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      if (dtype !== 'BF16') throw new Error(`${name} is ${dtype}`);
      const [from, to] = place;
      // A bf16 number is the upper half of a float32.
      const values = new Float32Array((to - from) / 2);
      const bits = new Uint32Array(values.buffer);
      for (let i = 0; i < bits.length; i++) bits[i] = bytes.readUInt16LE(end + from + 2 * i) * 65_536;
      tensors.set(name, { shape, values });
    }
  }
  return { config: json('config.json') as ModelConfig, tensors };
}
