/** What the whole sampler draws, against the shares that the plain definition gives each token. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../electron/services/inference/random.ts';
import { createSampler, type SamplerOptions } from '../../../electron/services/inference/sample.ts';

const base: SamplerOptions = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

/** Written down as plainly as possible, one rule after the other. */
function shares(logits: readonly number[], history: readonly number[], options: SamplerOptions): number[] {
  const { temperature, topK, topP, minP, repetitionPenalty: penalty } = options;
  const penalized = logits.map((logit, id) =>
    !history.includes(id) ? logit : logit > 0 ? logit / penalty : logit * penalty,
  );
  const total = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0);
  let weights = penalized.map((logit) => Math.exp(logit / temperature));
  const ranking = weights.map((_, id) => id).sort((a, b) => weights[b]! - weights[a]! || a - b);
  const only = (kept: ReadonlySet<number>): void => {
    weights = weights.map((weight, id) => (kept.has(id) ? weight : 0));
  };
  if (topK > 0) only(new Set(ranking.slice(0, topK)));
  const all = total(weights);
  let before = 0;
  only(
    new Set(
      ranking.filter((id, rank) => {
        const keep = rank === 0 || topP >= 1 || before < topP * all;
        before += weights[id]!;
        return keep;
      }),
    ),
  );
  const best = Math.max(...weights);
  only(new Set(ranking.filter((id) => weights[id]! >= minP * best)));
  return weights.map((weight) => weight / total(weights));
}

/**
 * Pearson's statistic, as a normal deviate (Wilson and Hilferty 1931). Tokens expected fewer than 8 times are counted
 * together; one that must never come makes it infinite.
 */
function deviation(counts: readonly number[], expected: readonly number[]): number {
  let [chi, bins, restCount, rest] = [0, 0, 0, 0];
  expected.forEach((wanted, id) => {
    const count = counts[id] ?? 0;
    if (wanted === 0) chi += count > 0 ? Infinity : 0;
    else if (wanted < 8) {
      rest += wanted;
      restCount += count;
    } else {
      chi += (count - wanted) ** 2 / wanted;
      bins++;
    }
  });
  if (rest > 0) {
    chi += (restCount - rest) ** 2 / rest;
    bins++;
  }
  const freedom = bins - 1;
  if (freedom === 0) return chi === 0 ? 0 : Infinity;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(chi / freedom) - (1 - spread)) / Math.sqrt(spread);
}

const size = 60;
const draws = 20_000;
const random = seededRandom(31);
const logits = [...Float32Array.from({ length: size }, () => (random() + random() + random() - 1.5) * 5)];
const likely = logits.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]!);
const history = [likely[0]!, likely[3]!, likely[3]!, likely[3]!, 5, 6, 7, likely[9]!];

function counted(options: SamplerOptions): number[] {
  const sample = createSampler(options);
  const counts = new Array<number>(size).fill(0);
  for (let draw = 0; draw < draws; draw++) counts[sample(Float32Array.from(logits), history)]! += 1;
  return counts;
}

const rows: readonly Partial<SamplerOptions>[] = [
  {},
  { temperature: 0.4 },
  { temperature: 1.7 },
  { topK: 7 },
  { topP: 0.6 },
  { topP: 0.97 },
  { minP: 0.15 },
  { repetitionPenalty: 1.3 },
  { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.02, repetitionPenalty: 1.1 },
  { temperature: 1.5, topK: 12, topP: 0.95, repetitionPenalty: 2 },
  { temperature: 0.6, topP: 0.9 },
];

describe('the sampler draws every token as often as the plain definition says (chi-square, 20,000 draws)', () => {
  it.each(rows)('%j', (changes) => {
    const options = { ...base, ...changes, seed: 5 };
    const expected = shares(logits, history, options).map((share) => share * draws);
    const found = deviation(counted(options), expected);
    expect(found).toBeLessThan(3.7); // 1 in 10,000
    expect(found).toBeGreaterThan(-3.7); // too even would be no chance either
  });

  const wrong: readonly (readonly [string, Partial<SamplerOptions>, Partial<SamplerOptions>])[] = [
    ['a temperature 8 % off', { temperature: 0.8 }, { temperature: 0.864 }],
    ['one token too many', { topK: 7 }, { topK: 8 }],
    ['one token too few', { topK: 7 }, { topK: 6 }],
    ['another nucleus', { topP: 0.6 }, { topP: 0.75 }],
    ['a penalty that is forgotten', { repetitionPenalty: 1.3 }, {}],
    ['a floor that is forgotten', { minP: 0.15 }, {}],
  ];
  it.each(wrong)('and would notice %s', (_, drawn, told) => {
    const expected = shares(logits, history, { ...base, ...told }).map((share) => share * draws);
    expect(Math.abs(deviation(counted({ ...base, ...drawn, seed: 5 }), expected))).toBeGreaterThan(3.7);
  });
});
