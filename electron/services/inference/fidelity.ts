import { readFile } from 'node:fs/promises';
import type { Fidelity } from '../../contract/model.ts';
import { largest } from './sample.ts';

/** Reads a file of little-endian float32 numbers. */
export async function readFloats(path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/**
 * Compares two lists of logits [positions, vocabulary]: the Kullback-Leibler divergence of each position's distribution
 * from the official one, in nats.
 *
 * @throws BrokenLogitsError when a logit is not a number, Error when the lists differ in length.
 */
export function fidelityOf(official: Float32Array, converted: Float32Array, positions: number): Fidelity {
  if (official.length !== converted.length || positions < 1 || official.length % positions !== 0) {
    throw new Error(`${converted.length} logits instead of ${official.length} at ${positions} positions`);
  }
  const width = official.length / positions;
  const divergences: number[] = [];
  let sameChoices = 0;
  for (let position = 0; position < positions; position++) {
    const truth = official.subarray(position * width, (position + 1) * width);
    const found = converted.subarray(position * width, (position + 1) * width);
    divergences.push(divergence(truth, found));
    if (largest(truth) === largest(found)) sameChoices += 1;
  }
  return {
    positions,
    meanDivergence: divergences.reduce((sum, value) => sum + value, 0) / positions,
    worstDivergence: Math.max(...divergences),
    sameChoices,
  };
}

function divergence(truth: Float32Array, found: Float32Array): number {
  const [normTruth, normFound] = [logSum(truth), logSum(found)];
  let sum = 0;
  for (const [id, logit] of truth.entries()) {
    const share = logit - normTruth;
    sum += Math.exp(share) * (share - ((found[id] ?? NaN) - normFound));
  }
  return Math.max(0, sum); // rounding can take it just below
}

/** ln of the sum of exponentials, without overflow. */
function logSum(logits: Float32Array): number {
  let top = -Infinity;
  for (const logit of logits) top = Math.max(top, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return top + Math.log(sum);
}
