import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { WeightDtype } from '../../../../electron/services/convert/dtypes.ts';
import type { BlockFormat } from '../../../../electron/services/convert/packing/format.ts';
import { packingKernel } from '../../../../electron/services/convert/packing/kernel.ts';
import { createPacker, plainPacker } from '../../../../electron/services/convert/packing/packer.ts';
import { seededRandom } from '../../../reference/checkpoint.ts';

const formats: readonly BlockFormat[] = ([4, 8] as const).flatMap((bits) =>
  ([16, 32, 64, 128, 256] as const).flatMap((block) =>
    [false, true].map((zeroPoints) => ({ bits, block, zeroPoints })),
  ),
);
const named = formats.map(
  (format) =>
    [`${format.bits} bits, block ${format.block}${format.zeroPoints ? ', zero points' : ''}`, format] as const,
);

const digest = (view: NodeJS.ArrayBufferView): string => createHash('sha256').update(view).digest('hex');

interface Rows {
  readonly dtype: WeightDtype;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

const pair = [createPacker(), plainPacker()];

/** Packs twice, with vector instructions and without, and compares every bit. */
function expectSameBits({ bytes, ...shape }: Rows, format: BlockFormat): void {
  const [quick, plain] = pair.map((packer) => {
    packer.room(bytes.length).set(bytes);
    const { data, scales, zeroPoints } = packer.pack({ tensor: 'w', ...shape }, format);
    return { data: digest(data), scales: digest(scales), zeroPoints: digest(zeroPoints) };
  });
  expect(quick).toEqual(plain);
}

/** The upper halves of float32 numbers. */
function bf16(numbers: Float32Array): Uint8Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
}

describe('the kernel and the plain code give the same bits', () => {
  it('runs as vector instructions here, so that the two are two', () => {
    for (const [, format] of named) {
      expect(WebAssembly.validate(packingKernel(format, 'bf16'))).toBe(true);
      expect(WebAssembly.validate(packingKernel(format, 'f32'))).toBe(true);
    }
    expect(createPacker().constructor).not.toBe(plainPacker().constructor);
  });

  it.each(named)('%s: random weights of every dtype, in rows of any length', (_, format) => {
    const random = seededRandom(format.bits * format.block + Number(format.zeroPoints));
    const bell = (): number => (random() + random() + random() + random() - 2) * 0.05;
    for (const columns of [1, 15, 16, 31, 33, 64, 96, 129, 300, 512]) {
      const rows = 7;
      const count = rows * columns;
      const numbers = Float32Array.from({ length: count }, bell);
      const shape = { rows, columns };
      expectSameBits({ dtype: 'BF16', bytes: bf16(numbers), ...shape }, format);
      expectSameBits({ dtype: 'F32', bytes: new Uint8Array(numbers.buffer), ...shape }, format);
      const halves = new Uint8Array(new Float16Array(numbers).buffer);
      expectSameBits({ dtype: 'F16', bytes: halves, ...shape }, format);
      const eights = Uint8Array.from({ length: count }, () => random() * 255).map((byte) =>
        (byte & 0x7f) === 0x7f ? 0 : byte,
      );
      expectSameBits({ dtype: 'F8_E4M3', bytes: eights, ...shape }, format);
    }
  });

  it.each(named)('%s: every finite bfloat16 number there is', (_, format) => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => ((i & 0x7f80) === 0x7f80 ? 0 : i));
    const random = seededRandom(3);
    for (let i = patterns.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [patterns[i], patterns[j]] = [patterns[j]!, patterns[i]!];
    }
    expectSameBits({ dtype: 'BF16', bytes: new Uint8Array(patterns.buffer), rows: 16, columns: 4096 }, format);
  });

  it.each(named)('%s: blocks of edge cases', (_, format) => {
    const most = 3.4028234663852886e38;
    const edges: readonly (readonly number[])[] = [
      [0],
      [-0],
      [0, -0],
      [1],
      [-1],
      [1, -1],
      [1e-45], // the smallest number of all
      [-1e-45, 1e-45],
      [1e-38, -1e-39],
      [1e-30],
      [1.0000001e-30, -1e-30],
      [2e-30, 1e-45],
      [1e-19, -3e-20, 2e-20],
      [1e30, -1e30],
      [9e29, -9e29, 1],
      [most],
      [-most],
      [most, -most],
      [most, 1, -1e-45],
      [0.5, 1.5, 2.5, 3.5, -0.5, 7.5], // halfway between steps
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
      [-8, 7],
      [-128, 127],
      [1, 1e-7],
      [1000, 0.001, -0.001],
    ];
    const rows = edges.map((edge) => Float32Array.from({ length: 256 }, (_, i) => edge[i % edge.length]!));
    const numbers = new Float32Array(rows.length * 256);
    rows.forEach((row, i) => numbers.set(row, i * 256));
    const shape = { rows: rows.length, columns: 256 };
    expectSameBits({ dtype: 'F32', bytes: new Uint8Array(numbers.buffer), ...shape }, format);
    expectSameBits(
      { dtype: 'BF16', bytes: bf16(numbers.map((value) => (Math.abs(value) > 3.38e38 ? 1 : value))), ...shape },
      format,
    );
  });

  it.each(named)('%s: random patterns of bits', (_, format) => {
    const random = seededRandom(7 * format.block);
    const words = Uint32Array.from({ length: 32 * 256 }, () => random() * 2 ** 32).map((word) =>
      (word & 0x7f800000) === 0x7f800000 ? 0x3f800000 : word,
    );
    expectSameBits({ dtype: 'F32', bytes: new Uint8Array(words.buffer), rows: 32, columns: 256 }, format);
  });
});

describe('weights that are not numbers', () => {
  const packers = [createPacker(), plainPacker()];
  it.each(named)('%s: one anywhere is refused by both', (_, format) => {
    for (const dtype of ['BF16', 'F32', 'F16', 'F8_E4M3'] as const) {
      for (const at of [0, 1, 63, 255, 256, 290, 299]) {
        for (const bad of dtype === 'F8_E4M3'
          ? [0x7f]
          : dtype === 'F16'
            ? [0x7c00, 0x7e00, 0xfc00]
            : [0x7f80, 0x7fc0, 0xff80, 0x7f81]) {
          const width = dtype === 'F32' ? 4 : dtype === 'F8_E4M3' ? 1 : 2;
          const bytes = new Uint8Array(300 * width);
          if (width === 1) bytes[at] = bad;
          else new DataView(bytes.buffer).setUint16(at * width + width - 2, bad, true);
          for (const packer of packers) {
            packer.room(bytes.length).set(bytes);
            expect(() => packer.pack({ tensor: 'w', dtype, rows: 1, columns: 300 }, format)).toThrow(
              'w holds weights that are not numbers',
            );
          }
        }
      }
    }
  });
});
