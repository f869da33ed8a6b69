import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../electron/services/inference/random.ts';
import {
  BrokenLogitsError,
  candidates,
  createSampler,
  draw,
  largest,
  penalize,
} from '../../../electron/services/inference/sample.ts';

/** The definition, written down as plainly as possible: sort everything, filter one rule after the other. */
function plain(logits: number[], { temperature = 1, topK = 0, topP = 1, minP = 0 }): { id: number; share: number }[] {
  const weights = logits.map((logit) => Math.exp((logit - Math.max(...logits)) / temperature));
  const total = weights.reduce((a, b) => a + b);
  let list = weights
    .map((weight, id) => ({ id, share: weight / total }))
    .sort((a, b) => b.share - a.share || a.id - b.id);
  const again = (): void => {
    const sum = list.reduce((a, b) => a + b.share, 0);
    list = list.map(({ id, share }) => ({ id, share: share / sum }));
  };
  if (topK > 0) list = list.slice(0, topK);
  again();
  let before = 0;
  list = list.filter(({ share }, index) => {
    const keep = index === 0 || topP >= 1 || before < topP;
    before += share;
    return keep;
  });
  const best = list[0]!.share;
  list = list.filter(({ share }) => share >= minP * best);
  again();
  return list;
}

function randomLogits(size: number, seed: number, spread: number): number[] {
  const random = seededRandom(seed);
  // Float32 on purpose: both sides must see the same numbers.
  return [...Float32Array.from({ length: size }, () => (random() + random() + random() - 1.5) * spread)];
}

const base = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 };

describe('choosing the candidates', () => {
  const filters = [
    {},
    { temperature: 0.2 },
    { temperature: 2 },
    { topK: 1 },
    { topK: 5 },
    { topK: 40 },
    { topK: 100_000 },
    { topP: 0 },
    { topP: 0.1 },
    { topP: 0.5 },
    { topP: 0.95 },
    { topP: 0.999 },
    { minP: 0.05 },
    { minP: 0.5 },
    { minP: 1 },
    { temperature: 0.7, topK: 20, topP: 0.9 },
    { temperature: 1.3, topK: 50, topP: 0.8, minP: 0.1 },
    { temperature: 0.6, topP: 0.9, minP: 0.02 },
  ];
  const shapes = [
    { size: 2, spread: 1 },
    { size: 7, spread: 4 },
    { size: 1000, spread: 2 },
    { size: 1000, spread: 20 },
    { size: 5000, spread: 8 },
  ];
  for (const filter of filters) {
    it(`keeps what the plain definition keeps with ${JSON.stringify(filter)}`, () => {
      for (const [seed, { size, spread }] of shapes.entries()) {
        const logits = randomLogits(size, seed + 1, spread);
        const wanted = plain(logits, filter);
        const got = candidates(Float32Array.from(logits), { ...base, ...filter });
        expect([...got.ids]).toEqual(wanted.map(({ id }) => id));
        const sum = got.weights.reduce((a, b) => a + b);
        wanted.forEach(({ share }, index) => expect(got.weights[index]! / sum).toBeCloseTo(share, 12));
      }
    });
  }

  it('prefers the lower id among equal logits', () => {
    const flat = new Float32Array(50).fill(3);
    expect([...candidates(flat, { ...base, topK: 4 }).ids]).toEqual([0, 1, 2, 3]);
    expect([...candidates(flat, { ...base, topP: 0.09 }).ids]).toEqual([0, 1, 2, 3, 4]);
  });

  it('handles a vocabulary of today within a few milliseconds per token', () => {
    const logits = Float32Array.from(randomLogits(128_256, 3, 12));
    /** Milliseconds that this thread has computed: a clock on the wall counts what else the machine does. */
    const computed = (): number => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    };
    const times = Array.from({ length: 10 }, () => {
      const began = computed();
      candidates(logits, { ...base, temperature: 0.7, topK: 50, topP: 0.9 });
      return computed() - began;
    });
    expect(Math.min(...times)).toBeLessThan(15);
  });

  it('never draws a token that was ruled out with minus infinity', () => {
    const logits = Float32Array.of(-Infinity, 1, -Infinity, 0.5);
    expect([...candidates(logits, { ...base, topP: 0.9999, minP: 1e-9 }).ids]).toEqual([1, 3]);
    const sample = createSampler({ ...base, seed: 1 });
    for (let round = 0; round < 200; round++) expect([1, 3]).toContain(sample(logits, []));
  });
});

describe('drawing', () => {
  it('gives every candidate its share (chi-square over 60,000 draws)', () => {
    const { ids, weights } = candidates(Float32Array.of(2, 1, 0, -1, -2, 1.5), base);
    const random = seededRandom(7);
    const counts = new Map<number, number>();
    const draws = 60_000;
    for (let round = 0; round < draws; round++) {
      const id = draw({ ids, weights }, random);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const sum = weights.reduce((a, b) => a + b);
    const chi = [...ids].reduce((total, id, index) => {
      const wanted = (draws * weights[index]!) / sum;
      return total + ((counts.get(id) ?? 0) - wanted) ** 2 / wanted;
    }, 0);
    expect(chi).toBeLessThan(20.5); // 5 degrees of freedom, 99.9 %
    expect(chi).toBeGreaterThan(0.15); // too even would be no chance either
  });

  it('repeats itself with the same seed and not with another', () => {
    const write = (seed: number): number[] => {
      const sample = createSampler({ ...base, temperature: 1.2, seed });
      return Array.from({ length: 40 }, (_, step) => sample(Float32Array.from(randomLogits(200, step, 3)), []));
    };
    expect(write(11)).toEqual(write(11));
    expect(write(11)).not.toEqual(write(12));
  });

  it('takes the likeliest token at temperature 0 and the lowest id in a tie', () => {
    expect(createSampler({ ...base, temperature: 0 })(Float32Array.of(1, 5, 5, 2), [])).toBe(1);
  });

  it.each([
    ['a value that is not a number', Float32Array.of(1, NaN, 2)],
    ['nothing but minus infinity', Float32Array.of(-Infinity, -Infinity)],
    ['no logits at all', new Float32Array(0)],
  ])('refuses %s', (_, logits) => {
    expect(() => largest(logits)).toThrow(BrokenLogitsError);
    expect(() => candidates(logits, base)).toThrow(BrokenLogitsError);
  });
});

describe('the repetition penalty', () => {
  it.each([
    { penalty: 1, history: [0, 1, 2], wanted: [2, -2, 0, 4] },
    { penalty: 2, history: [0, 1, 2], wanted: [1, -4, 0, 4] },
    { penalty: 2, history: [0, 0, 0], wanted: [1, -2, 0, 4] },
    { penalty: 0.5, history: [0, 1], wanted: [4, -1, 0, 4] },
    { penalty: 2, history: [99], wanted: [2, -2, 0, 4] },
  ])('of $penalty turns $history into $wanted', ({ penalty, history, wanted }) => {
    const logits = Float32Array.of(2, -2, 0, 4);
    penalize(logits, history, penalty);
    expect([...logits]).toEqual(wanted);
  });

  it('can change the greedy choice', () => {
    const sample = createSampler({ ...base, temperature: 0, repetitionPenalty: 1.5 });
    expect(sample(Float32Array.of(3, 2.5, 0), [0])).toBe(1);
  });
});
