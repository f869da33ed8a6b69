import { describe, expect, it } from 'vitest';
import { decodeE4M3, decodeHalf, decodeWeights, encodeHalf } from '../../../electron/services/convert/dtypes.ts';

describe('half precision', () => {
  it('decodes all 65,536 numbers as the language does', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const numbers = new Float16Array(bits.buffer);
    expect([...bits].filter((pattern, i) => !Object.is(decodeHalf(pattern), numbers[i]))).toEqual([]);
  });

  it('encodes to the nearest, ties to even, as the language does', () => {
    const single = new Float32Array(1);
    const pattern = new Uint32Array(single.buffer);
    const half = new Float16Array(1);
    const halfBits = new Uint16Array(half.buffer);
    const wrong: number[] = [];
    const compare = (value: number): void => {
      half[0] = value;
      const bits = encodeHalf(value);
      const same = Number.isNaN(value) ? (bits & 0x7fff) > 0x7c00 : bits === halfBits[0];
      if (!same) wrong.push(value);
    };
    for (let i = 0; i < 200_000; i++) {
      pattern[0] = Math.imul(i, 0x9e3779b1) >>> 0; // spreads over all patterns
      compare(single[0]!);
    }
    // Every number and every midpoint between two neighbours.
    for (let bits = 0; bits < 0x7c00; bits++) {
      const [low, high] = [decodeHalf(bits), bits === 0x7bff ? 65536 : decodeHalf(bits + 1)];
      for (const value of [low, (low + high) / 2]) [value, -value].forEach(compare);
    }
    expect(wrong).toEqual([]);
  });
});

it.each([
  [0x00, 0],
  [0x01, 2 ** -9],
  [0x07, 7 * 2 ** -9],
  [0x08, 2 ** -6],
  [0x38, 1],
  [0x3c, 1.5],
  [0x7e, 448],
  [0xb8, -1],
  [0xfe, -448],
])('FP8 E4M3 pattern %i is %f', (bits, value) => {
  expect(decodeE4M3(bits)).toBe(value);
});

describe('weights', () => {
  it.each([
    ['F32', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
    ['BF16', [0x80, 0x3f, 0x00, 0xc0], [1, -2]],
    ['F16', [0x00, 0x3c, 0x00, 0xc0], [1, -2]],
    ['F8_E4M3', [0x38, 0xc0], [1, -2]],
  ] as const)('%s are read as little-endian numbers, wherever they start', (dtype, bytes, numbers) => {
    expect([...decodeWeights(dtype, Uint8Array.from(bytes), 'w')]).toEqual(numbers);
    expect([...decodeWeights(dtype, Uint8Array.from([9, ...bytes]).subarray(1), 'w')]).toEqual(numbers);
  });

  it.each([
    ['F32', [0, 0, 0x80, 0x7f]],
    ['F32', [0, 0, 0xc0, 0xff]],
    ['BF16', [0x80, 0x7f]],
    ['BF16', [0xc1, 0x7f]],
    ['F16', [0x00, 0xfc]],
    ['F16', [0x01, 0x7c]],
    ['F8_E4M3', [0x7f]],
  ] as const)('%s that are not numbers are refused', (dtype, bytes) => {
    expect(() => decodeWeights(dtype, Uint8Array.from(bytes), 'w')).toThrow('w holds weights that are not numbers');
  });
});
