import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  forgetKept,
  forgetKeptOf,
  type KeptCaches,
  openKeptCaches,
} from '../../../electron/services/inference/keptCaches.ts';
import { createKvCache, type KvCache } from '../../../electron/services/inference/kvCache.ts';
import { bytesPerToken, type DecoderLayout } from '../../../electron/services/inference/layout.ts';
import { removeFolders, temporaryFolder } from './models.ts';
import { add, expectRows, layout, range } from './rows.ts';

afterAll(removeFolders);

const print = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function open(
  folder: string,
  { shape = layout, model = 'one', mostBytes = 2 ** 24, leastFree = 0, fingerprint = print('a') } = {},
): KeptCaches {
  const kept = { fingerprint, bytesPerToken: bytesPerToken(shape) };
  return openKeptCaches({ folder, model, kept, mostBytes, leastFree });
}

function filled(ids: number[], shape: DecoderLayout = layout): KvCache {
  const cache = createKvCache(shape, 4000);
  add(cache, shape, ids);
  return cache;
}

const pathIn = (folder: string): string => join(folder, readdirSync(folder)[0]!);

/** What another process would find for a prompt, given what it has already. */
async function found(
  caches: KeptCaches,
  prompt: number[],
  { key = 'chat', shape = layout, have = [] as number[] } = {},
): Promise<number[]> {
  const cache = createKvCache(shape, 4000);
  if (have.length > 0) add(cache, shape, have);
  await caches.restore(key, cache, prompt);
  expectRows(cache, shape, prompt.slice(0, cache.ids.length));
  return [...cache.ids];
}

describe.each([
  ['a graph that hands out rows', layout],
  ['a graph that hands the whole cache back', { ...layout, rowsOut: false }],
  ['a half-precision graph', { ...layout, kvType: 'float16' as const }],
] as const)('the kept cache of %s', (_, shape) => {
  it('comes back with every number in its place', async () => {
    const folder = temporaryFolder();
    await open(folder, { shape }).keep('chat', filled(range(0, 600), shape));
    const prompt = range(0, 700);
    expect(await found(open(folder, { shape }), prompt, { shape })).toEqual(range(0, 600));
    expect(await found(open(folder, { shape }), prompt, { shape, have: range(0, 300) })).toEqual(range(0, 600));
  });

  it('comes back as far as the prompt agrees with it, and leaves one token to run', async () => {
    const folder = temporaryFolder();
    await open(folder, { shape }).keep('chat', filled(range(0, 600), shape));
    expect(await found(open(folder, { shape }), [...range(0, 280), ...range(900, 90)], { shape })).toEqual(
      range(0, 280),
    );
    expect(await found(open(folder, { shape }), range(0, 512), { shape })).toEqual(range(0, 511));
    expect(await found(open(folder, { shape }), range(900, 90), { shape })).toEqual([]);
  });
});

describe('keeping a cache', () => {
  it('writes only what a turn added', async () => {
    const folder = temporaryFolder();
    const caches = open(folder);
    const cache = filled(range(0, 300));
    await caches.keep('chat', cache);
    const first = readFileSync(pathIn(folder));
    add(cache, layout, range(300, 50));
    await caches.keep('chat', cache);
    const second = readFileSync(pathIn(folder));
    expect(second.subarray(0, first.length).equals(first)).toBe(true);
    expect(second.length - first.length).toBe(12 + 50 * (4 + bytesPerToken(layout)));
    expect(await found(open(folder), range(0, 400))).toEqual(range(0, 350));
  });

  it('follows a chat that was cut back and went on differently', async () => {
    const folder = temporaryFolder();
    const caches = open(folder);
    const cache = filled(range(0, 600));
    await caches.keep('chat', cache);
    cache.truncate(400);
    add(cache, layout, range(800, 100));
    await caches.keep('chat', cache);
    const prompt = [...range(0, 400), ...range(800, 100), ...range(0, 70)];
    expect(await found(open(folder), prompt)).toEqual(prompt.slice(0, 500));
  });

  it('is for the person alone', async () => {
    const folder = temporaryFolder();
    await open(folder).keep('../chat/', filled(range(0, 70)));
    expect(readdirSync(folder)[0]).toMatch(/^one\.[0-9a-f]{32}\.kv$/);
    if (process.platform !== 'win32') expect(statSync(pathIn(folder)).mode & 0o777).toBe(0o600);
  });
});

describe('a file that cannot be trusted', () => {
  it('counts for nothing when it was written for another model', async () => {
    const folder = temporaryFolder();
    await open(folder).keep('chat', filled(range(0, 600)));
    expect(await found(open(folder, { fingerprint: print('b') }), range(0, 700))).toEqual([]);
    await open(folder, { fingerprint: print('b') }).keep('chat', filled(range(0, 100)));
    expect(await found(open(folder, { fingerprint: print('b') }), range(0, 700))).toEqual(range(0, 100));
  });

  it('is believed up to the segment whose bytes changed, wherever the change is', async () => {
    const folder = temporaryFolder();
    await open(folder).keep('chat', filled(range(0, 600)));
    const path = pathIn(folder);
    const whole = readFileSync(path);
    const perSegment = 12 + 256 * (4 + bytesPerToken(layout));
    for (let at = 5; at < whole.length; at += 997) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x40;
      writeFileSync(path, damaged);
      const good = at < 48 ? 0 : Math.floor((at - 48) / perSegment) * 256;
      expect((await found(open(folder), range(0, 700))).length, `byte ${at}`).toBe(good);
    }
  });

  it('is believed up to where it was cut short, and goes on from there', async () => {
    const folder = temporaryFolder();
    const cache = filled(range(0, 600));
    await open(folder).keep('chat', cache);
    const path = pathIn(folder);
    const { size } = statSync(path);
    for (const [bytes, tokens] of [
      [size - 1, 512],
      [48 + 20, 0],
      [47, 0],
      [0, 0],
    ] as const) {
      truncateSync(path, bytes);
      expect(await found(open(folder), range(0, 700))).toEqual(range(0, tokens));
      await open(folder).keep('chat', cache);
      expect(await found(open(folder), range(0, 700))).toEqual(range(0, 600));
    }
  });

  it('holds nothing when it is absent or no file at all', async () => {
    expect(await found(open(join(temporaryFolder(), 'not here')), range(0, 700))).toEqual([]);
    const folder = temporaryFolder();
    await open(folder).keep('chat', filled(range(0, 100)));
    writeFileSync(pathIn(folder), 'hello');
    expect(await found(open(folder), range(0, 700))).toEqual([]);
  });
});

describe('the room that kept caches take', () => {
  const each = 48 + 12 + 100 * (4 + bytesPerToken(layout));

  it('is bounded: those written longest ago go first, also of other models', async () => {
    const folder = temporaryFolder();
    const keys = ['a', 'b', 'c', 'd'];
    for (const [index, key] of keys.entries()) {
      const caches = open(folder, { mostBytes: 3.5 * each, model: key === 'a' ? 'other' : 'one' });
      await caches.keep(key, filled(range(0, 100)));
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        if (statSync(path).mtimeMs > 1e12) utimesSync(path, index + 1, index + 1); // in order, whatever the clock does
      }
    }
    expect(readdirSync(folder)).toHaveLength(3);
    expect(readdirSync(folder).some((name) => name.startsWith('other.'))).toBe(false);
    expect(await found(open(folder), range(0, 200), { key: 'd' })).toHaveLength(100);
  });

  it('is never exceeded by one long chat, which is kept as far as it fits', async () => {
    const folder = temporaryFolder();
    await open(folder, { mostBytes: each }).keep('chat', filled(range(0, 600)));
    expect(statSync(pathIn(folder)).size).toBeLessThanOrEqual(each);
    expect((await found(open(folder), range(0, 700))).length).toBeGreaterThan(90);
  });

  it('is not taken from a disk that is nearly full', async () => {
    const folder = temporaryFolder();
    await open(folder, { leastFree: 2 ** 60 }).keep('chat', filled(range(0, 100)));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is given back when a chat or a model goes', async () => {
    const folder = temporaryFolder();
    for (const model of ['one', 'two'])
      for (const key of ['a', 'b']) await open(folder, { model }).keep(key, filled(range(0, 9)));
    await forgetKept(folder, 'a');
    expect(readdirSync(folder)).toHaveLength(2);
    await open(folder).forget('b');
    expect(readdirSync(folder).map((name) => name.slice(0, 4))).toEqual(['two.']);
    await forgetKeptOf(folder, 'two');
    expect(readdirSync(folder)).toEqual([]);
    await forgetKept(join(folder, 'not here'), 'a');
  });
});
