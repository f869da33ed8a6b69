import { expect, it } from 'vitest';
import { seededRandom } from '../../../electron/services/inference/random.ts';

const mask = 0xffff_ffffn;

/** The published algorithms word by word, in arithmetic that cannot overflow by accident. */
function* reference(seed: number): Generator<bigint> {
  let filler = BigInt(seed);
  const fill = (): bigint => {
    filler = (filler + 0x9e3779b9n) & mask;
    let z = filler;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & mask;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  };
  const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  const s = [fill(), fill(), fill(), fill()] as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield (rotate((s[1] * 5n) & mask, 7n) * 9n) & mask;
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
}

it.each([0, 1, 42, 2 ** 31, 2 ** 32 - 1])('follows the published generator for seed %i', (seed) => {
  const words = reference(seed);
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round++) {
    const high = words.next().value as bigint;
    const low = words.next().value as bigint;
    expect(random()).toBe(Number(((high >> 5n) << 26n) | (low >> 6n)) / 2 ** 53);
  }
});

it('stays in [0, 1) with a mean of one half', () => {
  const random = seededRandom(5);
  const values = Array.from({ length: 20_000 }, random);
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((a, b) => a + b) / values.length).toBeCloseTo(0.5, 2);
});

it('takes a fresh seed when none is given', () => {
  expect(seededRandom()()).not.toBe(seededRandom()());
});
