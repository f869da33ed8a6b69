import { randomInt } from 'node:crypto';

/** A number in [0, 1) with 53 random bits. */
export type Random = () => number;

/**
 * xoshiro128** 1.1 (Blackman and Vigna, public domain), its state filled by splitmix32: the same seed gives the same
 * stream on every machine, which Math.random cannot promise. Not for secrets.
 */
export function seededRandom(seed = randomInt(2 ** 32)): Random {
  let filler = seed >>> 0;
  const fill = (): number => {
    filler = (filler + 0x9e3779b9) | 0;
    let word = Math.imul(filler ^ (filler >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  const next = (): number => {
    const scrambled = Math.imul(b, 5);
    const word = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return word;
  };
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}
