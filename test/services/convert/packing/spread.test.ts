import { expect, it } from 'vitest';
import { isSpread, spreadColumns, spreadSigns } from '../../../../electron/services/convert/packing/spread.ts';
import { seededRandom } from '../../../reference/checkpoint.ts';

const random = seededRandom(3);
const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, () => random() - 0.5);

/** What the graph does to activations: each group of 32 times the matrix of signs. */
function spreadInput(values: Float32Array): Float64Array {
  const signs = spreadSigns();
  return Float64Array.from(values, (_, place) => {
    const group = place - (place % 32);
    let sum = 0;
    for (let i = 0; i < 32; i++) sum += values[group + i]! * signs[i * 32 + (place % 32)]!;
    return sum;
  });
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

it('keeps every product of weights and activations', () => {
  for (const columns of [32, 96, 320]) {
    const [weights, input] = [numbers(columns), numbers(columns)];
    const spread = weights.slice();
    spreadColumns(spread);
    expect(dot(spread, spreadInput(input))).toBeCloseTo(dot(weights, input), 6);
    expect(dot(spread, input)).not.toBeCloseTo(dot(weights, input), 2); // both sides have to be spread
  }
});

it('shares one large activation among its group', () => {
  const input = new Float32Array(64);
  input[40] = 3;
  const spread = spreadInput(input);
  expect([...spread.subarray(0, 32)].every((value) => value === 0)).toBe(true);
  expect([...spread.subarray(32)].every((value) => Math.abs(value) === 3)).toBe(true);
});

it('keeps huge weights finite', () => {
  const weights = new Float32Array(32).fill(3e38);
  spreadColumns(weights);
  expect([...weights].every(Number.isFinite)).toBe(true);
});

it('leaves widths alone that groups do not fill, and formats that do not ask for it', () => {
  const format = { bits: 8, block: 16, zeroPoints: true } as const;
  expect(isSpread(format, 64)).toBe(false);
  expect(isSpread({ ...format, spread: true }, 64)).toBe(true);
  expect(isSpread({ ...format, spread: true }, 40)).toBe(false);
});
