import { describe, expect, it } from 'vitest';
import { fitContext, memoryFree, memoryHere } from '../../../electron/services/inference/memory.ts';

const GB = 1e9;
/** A 1B model: 921 MB of weights, 64 kB of cache per token, 131,072 positions. */
const model = { weightBytes: 0.921 * GB, bytesPerToken: 65_536, limit: 131_072 };

describe('the context that fits', () => {
  it.each([
    // free GB, wish, tokens, why. Beside 1.06 GB of weights and 0.25 GB of runtime, half of the rest is for the cache.
    [32, undefined, 131_072, 'model'],
    [10, undefined, 66_300, 'memory'],
    [4, undefined, 20_500, 'memory'],
    [1.5, undefined, 2048, 'memory'],
    [10, 8192, 8192, 'person'],
    [10, 131_072, 131_072, 'model'],
    [10, 1000, 1000, 'person'],
  ] as const)('in %d GB with a wish for %s is %d tokens', (free, wish, tokens, why) => {
    const fit = fitContext({ ...model, wish, free: free * GB });
    if (!fit.ok) throw new Error(JSON.stringify(fit.problem));
    expect(fit.value.contextBy).toBe(why);
    expect(Math.abs(fit.value.contextLength - tokens)).toBeLessThan(200);
    const { weights, cache, runtime } = fit.value.memory;
    expect(weights + cache + runtime).toBeLessThanOrEqual(free * GB);
  });

  it('is refused with both numbers where even the shortest chat does not fit', () => {
    const fit = fitContext({ ...model, free: 1.3 * GB });
    expect(fit).toMatchObject({ ok: false, problem: { code: 'not-enough-memory' } });
    if (!fit.ok) {
      expect(fit.problem.explanation).toMatch(/needs about 1\.4 GB; (?:1\.3 GB of|this computer has)/u);
      expect(fit.problem.actions[0]).toMatchObject({ kind: 'view', view: 'models' });
    }
  });

  it('is refused when the person chose more than fits, and says how many would', () => {
    const fit = fitContext({ ...model, wish: 65_536, free: 4 * GB });
    expect(fit).toMatchObject({ ok: false, problem: { title: 'The chosen context does not fit into the memory' } });
    if (!fit.ok) expect(fit.problem.explanation).toMatch(/room for about 41,\d{3}/u);
  });

  describe('when it does not', () => {
    const named = { modelId: 'big', repo: 'a/big' } as const;
    const labels = (fit: ReturnType<typeof fitContext>): readonly string[] =>
      fit.ok ? [] : fit.problem.actions.map(({ label }) => label);

    it('offers the smaller ways first, says what may happen, and lets the person go on last', () => {
      const fit = fitContext({ ...model, free: 1.3 * GB, named: { ...named, smaller: 'q4' } });
      expect(labels(fit)).toEqual(['Prepare it in 4 bits', 'Choose a smaller model', 'Load anyway']);
      if (fit.ok) throw new Error('It fits');
      expect(fit.problem.explanation).toMatch(/If you load it anyway, .* your chats .* stay\.$/u);
      expect(fit.problem.actions).toMatchObject([
        { request: 'setup.choose', input: { repo: 'a/big', dtype: 'q4' } },
        { kind: 'view', view: 'models' },
        { request: 'engine.permit', input: { modelId: 'big' } },
      ]);
    });

    it('has nothing smaller to prepare where it is in 4 bits already', () => {
      expect(labels(fitContext({ ...model, free: 1.3 * GB, named }))).toEqual([
        'Choose a smaller model',
        'Load anyway',
      ]);
    });

    it('offers the longest handy context that fits in place of the chosen one', () => {
      const fit = fitContext({ ...model, wish: 65_536, free: 4 * GB, named });
      expect(labels(fit)).toEqual(['Use 32,768 tokens', 'Choose the context', 'Load anyway']);
      if (fit.ok) throw new Error('It fits');
      const { input } = fit.problem.actions[0] as { readonly input: { readonly tokens: number } };
      expect(fitContext({ ...model, wish: input.tokens, free: 4 * GB }).ok).toBe(true);
    });

    it.each([
      // free GB, wish, tokens, why
      [1.3, undefined, 2048, 'memory'],
      [0.1, undefined, 2048, 'memory'],
      [4, 65_536, 65_536, 'person'],
      [4, 131_072, 131_072, 'model'],
    ] as const)('loads at the own risk in %d GB with a wish for %s: %d tokens', (free, wish, tokens, why) => {
      const fit = fitContext({ ...model, wish, free: free * GB, named, atOwnRisk: true });
      expect(fit).toMatchObject({ ok: true, value: { contextLength: tokens, contextBy: why, atOwnRisk: true } });
    });

    it('is no risk where it fits', () => {
      const fit = fitContext({ ...model, free: 10 * GB, named, atOwnRisk: true });
      expect(fit).toEqual(fitContext({ ...model, free: 10 * GB }));
    });
  });

  it('is all of a small model, and needs no cache where the graph does not say its size', () => {
    const fit = fitContext({ weightBytes: 2e6, bytesPerToken: 0, limit: 512, free: GB });
    expect(fit).toMatchObject({ ok: true, value: { contextLength: 512, contextBy: 'model' } });
  });
});

it('never counts more as free than there is', () => {
  expect(memoryFree()).toBeGreaterThan(0);
  expect(memoryFree()).toBeLessThanOrEqual(memoryHere());
});
