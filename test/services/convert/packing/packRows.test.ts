import { describe, expect, it } from 'vitest';
import { type BlockFormat, packedRow } from '../../../../electron/services/convert/packing/format.ts';
import { packRows } from '../../../../electron/services/convert/packing/packRows.ts';
import { seededRandom } from '../../../reference/checkpoint.ts';
import { unpack } from '../../../reference/unpack.ts';

const formats: readonly BlockFormat[] = ([4, 8] as const).flatMap((bits) =>
  ([16, 32, 64, 128] as const).flatMap((block) => [
    { bits, block, zeroPoints: false },
    { bits, block, zeroPoints: true },
  ]),
);
const name = ({ bits, block, zeroPoints }: BlockFormat): string =>
  `${bits} bits, block ${block}${zeroPoints ? ', zero points' : ''}`;

function bell(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

function rootMeanSquare(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
}

describe('packing', () => {
  it.each(formats.map((format) => [name(format), format] as const))(
    '%s: every weight comes back within its step',
    (_, format) => {
      const random = seededRandom(format.bits * format.block);
      for (const [rows, columns] of [
        [1, 1],
        [3, 31],
        [2, 33],
        [5, 64],
        [3, 129],
        [2, 300],
        [4, 96],
      ] as const) {
        const weights = Float32Array.from({ length: rows * columns }, () => bell(random) * 0.1);
        const packed = packRows(weights, rows, columns, format);
        const sizes = packedRow(columns, format);
        expect(packed.data.length).toBe(rows * sizes.data);
        expect(packed.scales.length * 4).toBe(rows * sizes.scales);
        expect(packed.zeroPoints.length).toBe(rows * sizes.zeroPoints);
        const back = unpack(packed, rows, columns, format);
        // Half a step inside the range. Symmetric formats cut the side opposite to their largest weight by up to one
        // step; a search may trade the ends of the range for its middle, and a rounded zero point shifts it.
        const steps = format.zeroPoints ? 2 : 1.001;
        const stepOf = (i: number): number =>
          packed.scales[Math.floor(i / columns) * sizes.blocks + Math.floor((i % columns) / format.block)]!;
        const far = [...weights.keys()].filter((i) => Math.abs(back[i]! - weights[i]!) > Math.abs(stepOf(i)) * steps);
        expect(far).toEqual([]);
      }
    },
  );

  it('keeps rows independent, so that any split of the work gives the same bytes', () => {
    const random = seededRandom(5);
    const weights = Float32Array.from({ length: 6 * 100 }, () => bell(random));
    for (const format of formats) {
      const whole = packRows(weights, 6, 100, format);
      const parts = [
        packRows(weights.subarray(0, 200), 2, 100, format),
        packRows(weights.subarray(200), 4, 100, format),
      ];
      for (const key of ['data', 'scales', 'zeroPoints'] as const) {
        expect([...parts[0]![key], ...parts[1]![key]]).toEqual([...whole[key]]);
      }
    }
  });

  it.each(formats.map((format) => [name(format), format] as const))(
    '%s: zeros, tiny and huge weights stay harmless',
    (_, format) => {
      for (const value of [0, 1e-38, -1e-38, 3e38, -3e38, 1]) {
        const weights = new Float32Array(40).fill(value);
        weights[3] = 0;
        const back = unpack(packRows(weights, 1, 40, format), 1, 40, format);
        expect(back.every(Number.isFinite)).toBe(true);
        const error = Math.max(...back.map((item, i) => Math.abs(item - weights[i]!)));
        expect(error).toBeLessThanOrEqual(Math.abs(value) / 6 + 1e-30);
      }
    },
  );

  it('makes zero exact, as padding and pruned weights need', () => {
    const random = seededRandom(9);
    const weights = Float32Array.from({ length: 320 }, (_, i) => (i % 3 ? bell(random) + 0.4 : 0));
    for (const format of formats) {
      const back = unpack(packRows(weights, 1, 320, format), 1, 320, format);
      expect(back.filter((item, i) => weights[i] === 0 && item !== 0)).toHaveLength(0);
    }
  });

  it.each([
    ['4 bits symmetric, block 32', { bits: 4, block: 32, zeroPoints: false }, 0.0867],
    ['4 bits with zero points, block 32', { bits: 4, block: 32, zeroPoints: true }, 0.0777],
    ['4 bits with zero points, block 64', { bits: 4, block: 64, zeroPoints: true }, 0.0882],
    ['8 bits symmetric, block 32', { bits: 8, block: 32, zeroPoints: false }, 0.0056],
    ['8 bits with zero points, block 32', { bits: 8, block: 32, zeroPoints: true }, 0.0047],
  ] as const)('%s: the error of bell-shaped weights stays below its bound', (_, format, bound) => {
    const random = seededRandom(11);
    const weights = Float32Array.from({ length: 256 * 64 }, () => bell(random));
    const back = unpack(packRows(weights, 64, 256, format), 64, 256, format);
    const error = rootMeanSquare(back.map((item, i) => item - weights[i]!)) / rootMeanSquare(weights);
    expect(error).toBeLessThan(bound);
    expect(error).toBeGreaterThan(bound * 0.85); // a much smaller error would mean that the measure is broken
  });
});
