import { describe, expect, it } from 'vitest';
import { createKvCache } from '../../../electron/services/inference/kvCache.ts';
import { commonPrefix, createCachePool } from '../../../electron/services/inference/prefix.ts';
import { add, expectRows, layout, range } from './rows.ts';

describe.each([
  ['a graph that hands out new rows', layout],
  ['a graph that hands the whole cache back', { ...layout, rowsOut: false }],
  ['a graph with half precision', { ...layout, kvType: 'float16' as const }],
  ['a graph with half precision that hands all back', { ...layout, kvType: 'float16' as const, rowsOut: false }],
])('the cache of %s', (_, shape) => {
  it('holds every row in its place while it grows', () => {
    const cache = createKvCache(shape, 4000);
    add(cache, shape, range(0, 5));
    for (let id = 5; id < 20; id++) add(cache, shape, [id]);
    add(cache, shape, range(20, 300));
    add(cache, shape, range(320, 300));
    expectRows(cache, shape, range(0, 620));
  });

  it('forgets from a token on and goes on differently', () => {
    const cache = createKvCache(shape, 4000);
    add(cache, shape, range(0, 400));
    cache.truncate(150);
    expectRows(cache, shape, range(0, 150));
    add(cache, shape, range(900, 200));
    expectRows(cache, shape, [...range(0, 150), ...range(900, 200)]);
    cache.truncate(0);
    add(cache, shape, [1]);
    expectRows(cache, shape, [1]);
  });

  it('copies a beginning and leaves the original alone', () => {
    const [original, copy] = [createKvCache(shape, 4000), createKvCache(shape, 4000)];
    add(original, shape, range(0, 400));
    copy.copyFrom(original, 300);
    add(copy, shape, range(700, 10));
    expectRows(copy, shape, [...range(0, 300), ...range(700, 10)]);
    expectRows(original, shape, range(0, 400));
  });

  it('never takes more room than the context can fill', () => {
    const cache = createKvCache(shape, 300);
    add(cache, shape, range(0, 290));
    add(cache, shape, range(290, 10));
    expect(cache.bytes).toBe(300 * 2 * 2 * 3 * 8 * (shape.kvType === 'float32' ? 4 : 2));
  });
});

it('a cache that no memory is left for is empty and usable afterwards', () => {
  const cache = createKvCache(layout, 2 ** 45);
  add(cache, layout, range(0, 20));
  expect(() => cache.feeds(2 ** 44)).toThrow(RangeError);
  expectRows(cache, layout, []);
  add(cache, layout, range(5, 300));
  expectRows(cache, layout, range(5, 300));
});

describe('keeping caches for several chats', () => {
  const pool = (maxBytes = Infinity): ReturnType<typeof createCachePool> =>
    createCachePool(() => createKvCache(layout, 4000), { most: 2, maxBytes });
  const use = (caches: ReturnType<typeof pool>, key: string, prompt: number[]): number => {
    const cache = caches.take(key, prompt);
    const reused = cache.ids.length;
    add(cache, layout, prompt.slice(reused));
    expectRows(cache, layout, prompt);
    return reused;
  };

  it('reuses what the next turn of a chat shares with the last one', () => {
    const caches = pool();
    expect(use(caches, 'a', range(0, 10))).toBe(0);
    expect(use(caches, 'a', range(0, 25))).toBe(10);
    expect(use(caches, 'a', [...range(0, 20), 99, 98])).toBe(20);
  });

  it('leaves one token to run when the prompt is known completely', () => {
    const caches = pool();
    use(caches, 'a', range(0, 10));
    expect(caches.take('a', range(0, 10)).ids.length).toBe(9);
    expect(caches.take('a', range(0, 4)).ids.length).toBe(3);
  });

  it('keeps two chats side by side and lets the one used longest ago go', () => {
    const caches = pool();
    use(caches, 'a', range(0, 10));
    use(caches, 'b', range(100, 10));
    expect(use(caches, 'a', range(0, 12))).toBe(10);
    expect(use(caches, 'b', range(100, 12))).toBe(10);
    use(caches, 'c', range(200, 10)); // a goes
    expect(use(caches, 'b', range(100, 14))).toBe(12);
    expect(use(caches, 'a', range(0, 14))).toBe(0);
  });

  it('lets other chats go when all together take too much memory', () => {
    const caches = pool(256 * 2 * 2 * 3 * 8 * 4);
    use(caches, 'a', range(0, 10));
    use(caches, 'b', range(100, 10));
    use(caches, 'b', range(100, 12));
    expect(use(caches, 'a', range(0, 12))).toBe(0);
  });

  it('starts a new chat from the long beginning it shares with another', () => {
    const caches = pool();
    use(caches, 'a', range(0, 100));
    expect(use(caches, 'b', [...range(0, 60), ...range(500, 5)])).toBe(60);
    expect(use(caches, 'a', range(0, 101))).toBe(100);
    expect(use(pool(), 'b', range(0, 5))).toBe(0);
  });
});

it.each([
  [[], [], 0],
  [[1], [], 0],
  [[1, 2, 3], [1, 2, 4], 2],
  [[1, 2], [1, 2, 3], 2],
  [[2, 1], [1, 2], 0],
])('the common prefix of %j and %j is %i', (a, b, wanted) => {
  expect(commonPrefix(a, b)).toBe(wanted);
});
