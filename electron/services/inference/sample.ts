import type { Sampling } from '../../contract/chat.ts';
import { type Random, seededRandom } from './random.ts';

/** Draws the next token id from logits. May write into `logits`. */
export type Sampler = (logits: Float32Array, history: readonly number[]) => number;

/** The parts of Sampling that choose a token. */
export type SamplerOptions = Pick<Sampling, 'temperature' | 'topP' | 'topK' | 'minP' | 'repetitionPenalty' | 'seed'>;

/** The graph gave something that is not a number: damaged weights or an overflow. */
export class BrokenLogitsError extends Error {
  override readonly name = 'BrokenLogitsError';
}

/** Index of the largest logit; the lowest index wins a tie, as in every reference implementation. */
export function largest(logits: Float32Array): number {
  let best = -1;
  let top = -Infinity;
  for (let index = 0; index < logits.length; index++) {
    const value = logits[index] ?? NaN;
    if (value > top) {
      top = value;
      best = index;
    } else if (Number.isNaN(value)) throw new BrokenLogitsError('The model produced a value that is not a number');
  }
  if (best < 0) throw new BrokenLogitsError('The model gave no token any chance');
  return best;
}

/**
 * Makes every token of `history` less likely, once each however often it occurred: positive logits are divided by the
 * penalty, negative ones multiplied (Keskar et al. 2019, CTRL, section 4.1; the sign rule is the common practice).
 */
export function penalize(logits: Float32Array, history: readonly number[], penalty: number): void {
  if (penalty === 1) return;
  for (const id of new Set(history)) {
    const value = logits[id];
    if (value !== undefined) logits[id] = value > 0 ? value / penalty : value * penalty;
  }
}

/** Tokens that may be drawn, likeliest first (ties: lower id first), with weights relative to the likeliest. */
export interface Candidates {
  readonly ids: Uint32Array;
  readonly weights: Float64Array;
}

/** Orders `ids` by falling weight, then rising id. */
function ranked(ids: Uint32Array, weightOf: Float64Array): Uint32Array {
  return ids.sort((a, b) => (weightOf[b] ?? 0) - (weightOf[a] ?? 0) || a - b);
}

/** The `count` heaviest of all, in no order: a min-heap of that size, so the many light ones cost one comparison each. */
function heaviest(weights: Float64Array, count: number): Uint32Array {
  const heap = new Uint32Array(count);
  // `lighter`: a should leave the heap before b.
  const lighter = (a: number, b: number): boolean => {
    const [x, y] = [weights[a] ?? 0, weights[b] ?? 0];
    return x < y || (x === y && a > b);
  };
  const sink = (start: number, id: number): void => {
    let hole = start;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= count) break;
      if (child + 1 < count && lighter(heap[child + 1] ?? 0, heap[child] ?? 0)) child++;
      if (!lighter(heap[child] ?? 0, id)) break;
      heap[hole] = heap[child] ?? 0;
      hole = child;
    }
    heap[hole] = id;
  };
  for (let id = 0; id < count; id++) heap[id] = id;
  for (let hole = (count >> 1) - 1; hole >= 0; hole--) sink(hole, heap[hole] ?? 0);
  let bar = weights[heap[0] ?? 0] ?? 0;
  for (let id = count; id < weights.length; id++) {
    if ((weights[id] ?? 0) <= bar) continue; // an equal weight loses to the lower id already inside
    sink(0, id);
    bar = weights[heap[0] ?? 0] ?? 0;
  }
  return heap;
}

/** Every id whose weight reaches the bar. */
function atLeast(weights: Float64Array, bar: number): Uint32Array {
  const ids = new Uint32Array(weights.length);
  let count = 0;
  for (let id = 0; id < weights.length; id++) if ((weights[id] ?? 0) >= bar) ids[count++] = id;
  return ids.subarray(0, count);
}

/**
 * Applies temperature, then keeps what all three filters allow, in the order of Hugging Face transformers: the topK
 * likeliest; of those the fewest whose shares add up to topP; of those the ones at least minP times as likely as the
 * likeliest. At least one token always remains.
 */
export function candidates(
  logits: Float32Array,
  { temperature, topK, topP, minP }: Omit<SamplerOptions, 'repetitionPenalty'>,
): Candidates {
  const top = logits[largest(logits)] ?? 0;
  const size = logits.length;
  const weights = new Float64Array(size);
  let total = 0;
  for (let id = 0; id < size; id++) {
    const weight = Math.exp(((logits[id] ?? 0) - top) / temperature);
    weights[id] = weight;
    total += weight;
  }
  let kept: Uint32Array;
  if (topK > 0 && topK < size) {
    kept = heaviest(weights, topK);
    total = kept.reduce((sum, id) => sum + (weights[id] ?? 0), 0);
  } else {
    // Every token below an equal share of what topP leaves out is surely outside: together they hold less than that.
    const bar = topP < 1 ? Math.max(minP, (total * (1 - topP)) / size) : minP;
    kept = atLeast(weights, bar);
  }
  ranked(kept, weights);
  let count = 0;
  for (let sum = 0; count < kept.length; count++) {
    const weight = weights[kept[count] ?? 0] ?? 0;
    if (count > 0 && (weight < minP || (topP < 1 && sum >= topP * total))) break;
    sum += weight;
  }
  const ids = kept.slice(0, count);
  return { ids, weights: Float64Array.from(ids, (id) => weights[id] ?? 0) };
}

/** Draws one candidate with a probability in proportion to its weight. */
export function draw({ ids, weights }: Candidates, random: Random): number {
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let index = 0; index < ids.length; index++) {
    rest -= weights[index] ?? 0;
    if (rest < 0) return ids[index] ?? 0;
  }
  return ids[0] ?? 0; // rounding left a crumb
}

/** Builds a sampler for one generation. Equal options with a seed give equal draws on every machine. */
export function createSampler(options: SamplerOptions): Sampler {
  const random = seededRandom(options.seed);
  return (logits, history) => {
    penalize(logits, history, options.repetitionPenalty);
    return options.temperature > 0 ? draw(candidates(logits, options), random) : largest(logits);
  };
}
