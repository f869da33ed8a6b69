import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { ProblemCode } from '../../../electron/contract/problem.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { ownFiles, published, removeFolder, repo, repoFolderName, run, smallTuning, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, sha256, startFaultServer, type Verb, verbs } from './faultServer.ts';

const block = smallTuning.blockBytes;
const bytes = 6 * block + 300;
const weights = 'model.safetensors';
const content = noise(bytes, 7);
const places = {
  first: 0,
  second: 1,
  edge: 2 * block,
  middle: 3 * block + 511,
  beforeLast: bytes - 2,
  last: bytes - 1,
};
const starts = ['nothing yet', 'interrupted before', 'one connection'] as const;

let server: FaultServer;
beforeAll(async () => {
  server = await startFaultServer(new Map([[weights, content]]), createNodeHttp());
});
afterAll(() => server.close());

async function leavePartial(hubCache: string): Promise<void> {
  const stop = new AbortController();
  server.arm(...[1.5, 3, 5.2].map((blocks) => ({ do: 'stall', at: blocks * block, times: 9 }) as const));
  const { result } = await run(server.source, hubCache, server.listed, {
    signal: stop.signal,
    onProgress: ({ doneBytes }) => doneBytes > block && stop.abort(),
  });
  server.disarm();
  expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  const names = await ownFiles(hubCache);
  expect(names).toContain(`${sha256(content)}.part`);
}

/** Bytes that the next run can build on. */
async function keptBytes(hubCache: string): Promise<number> {
  const options = { etag: sha256(content), bytes, tuning: smallTuning };
  const partial = await openPartial(repoPaths(hubCache, repo).own, options);
  await partial.close();
  return partial.filledBytes();
}

async function expectExact(hubCache: string): Promise<void> {
  expect((await published(hubCache, weights)).equals(content)).toBe(true);
  const blobs = await readdir(join(hubCache, repoFolderName, 'blobs'));
  expect(blobs).toEqual([sha256(content)]);
  expect(await ownFiles(hubCache)).toEqual(['verified.json']);
}

const rows = verbs.flatMap((verb) =>
  Object.entries(places).flatMap(([place, at]) => starts.map((start) => ({ verb, place, at, start }))),
);

describe('a fault that happens once ends in the exact bytes', () => {
  test.concurrent.each([{ rows: rows.length }])('the table has $rows rows', ({ rows: count }) => {
    expect(count).toBeGreaterThanOrEqual(300);
  });
  test.each(rows)('$verb at the $place byte, $start', async ({ verb, at, start }) => {
    const hubCache = await temporaryFolder();
    try {
      server.disarm();
      if (start === 'interrupted before') await leavePartial(hubCache);
      server.arm({ do: verb, at, times: 1 });
      const tuning = start === 'one connection' ? { startConnections: 1, maxConnections: 1 } : {};
      const { result } = await run(server.source, hubCache, server.listed, { tuning });
      expect(result).toEqual({ ok: true, value: { snapshotFolder: expect.any(String) } });
      await expectExact(hubCache);
    } finally {
      await removeFolder(hubCache);
    }
  });
});

const forever: readonly (readonly [Verb, ProblemCode | 'exact'])[] = [
  ['reset', 'cdn-blocked'],
  ['fin', 'cdn-blocked'],
  ['stall', 'cdn-blocked'],
  ['slow-headers', 'cdn-blocked'],
  ['flip', 'damaged-file'],
  ['short-length', 'hub-trouble'],
  ['close-early', 'hub-trouble'],
  ['no-length', 'exact'],
  ['wrong-range', 'hub-trouble'],
  ['wrong-total', 'hub-trouble'],
  ['no-content-range', 'hub-trouble'],
  ['200-for-range', 'exact'],
  ['gzip', 'hub-trouble'],
  ['html', 'proxy-or-portal'],
  ['redirect', 'cdn-blocked'],
  ['401', 'cdn-blocked'],
  ['404', 'cdn-blocked'],
  ['408', 'hub-trouble'],
  ['416', 'cdn-blocked'],
  ['429', 'rate-limited'],
  ['500', 'hub-trouble'],
  ['503-later', 'rate-limited'],
];

describe('a fault that never ends is named, and costs nothing that was fetched', () => {
  test.each(forever)('%s for ever: %s', async (verb, expected) => {
    const hubCache = await temporaryFolder();
    try {
      server.arm({ do: verb, at: places.middle, times: Infinity });
      const { result } = await run(server.source, hubCache, server.listed);
      if (expected === 'exact') {
        expect(result.ok).toBe(true);
        await expectExact(hubCache);
        return;
      }
      expect(result.ok ? 'done' : result.problem.code).toBe(expected);
      expect(await readdir(join(hubCache, repoFolderName, 'blobs'))).toEqual([]);
      server.disarm();
      const kept = await keptBytes(hubCache);
      const before = server.counts.sent;
      const again = await run(server.source, hubCache, server.listed);
      expect(again.result.ok).toBe(true);
      await expectExact(hubCache);
      // Damaged bytes are thrown away; of everything else no byte is asked for twice.
      if (expected !== 'damaged-file') expect(kept).toBeGreaterThan(0);
      expect(server.counts.sent - before).toBeLessThanOrEqual(bytes - kept);
    } finally {
      server.disarm();
      await removeFolder(hubCache);
    }
  });
});

test('many random faults in a row still end in the exact bytes', async () => {
  let state = 20261120;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 25; round++) {
    const hubCache = await temporaryFolder();
    server.arm(
      ...Array.from({ length: 6 }, () => ({
        do: verbs[random(verbs.length)]!,
        at: random(bytes),
        times: 1,
      })).filter(({ do: verb }) => verb !== 'flip'),
    );
    const { result } = await run(server.source, hubCache, server.listed, { tuning: { tries: 12 } });
    if (!result.ok) expect(['cdn-blocked']).toContain(result.problem.code);
    server.disarm();
    if (!result.ok) await run(server.source, hubCache, server.listed);
    expect((await published(hubCache, weights)).equals(content)).toBe(true);
    await removeFolder(hubCache);
  }
});
