import type { BlockFormat } from './format.ts';

/**
 * Spreading: every 32 columns of a matrix are replaced by 32 signed sums of them (a Hadamard transform), and the graph
 * does the same to what the matrix is multiplied with, so that the product stays what it was. One large activation in a
 * group no longer takes the int8 steps away from its 31 neighbours: each of the sums carries a share of it.
 */
export const SPREAD = 32;

/** Whether a matrix of this width is spread; groups that the width does not fill are left alone, all of them. */
export function isSpread(format: BlockFormat, columns: number): boolean {
  return format.spread === true && columns % SPREAD === 0;
}

/** Spreads rows of whole groups in place. Dividing first keeps the sums finite; it is exact, 32 being a power of two. */
export function spreadColumns(weights: Float32Array): void {
  for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] ?? 0) / SPREAD;
  for (let half = 1; half < SPREAD; half *= 2) {
    for (let first = 0; first < weights.length; first += 2 * half) {
      for (let i = first; i < first + half; i++) {
        const [a, b] = [weights[i] ?? 0, weights[i + half] ?? 0];
        weights[i] = a + b;
        weights[i + half] = a - b;
      }
    }
  }
}

/** The [32, 32] matrix of signs that spreads activations; symmetric, and 32 times its own inverse. */
export function spreadSigns(): Float32Array {
  return Float32Array.from({ length: SPREAD * SPREAD }, (_, place) => {
    const common = Math.floor(place / SPREAD) & (place % SPREAD);
    return bitsOf(common) % 2 === 0 ? 1 : -1;
  });
}

function bitsOf(value: number): number {
  return value === 0 ? 0 : (value & 1) + bitsOf(value >> 1);
}
