import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { Problem } from '../../../electron/contract/problem.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import type { FileSource } from '../../../electron/services/download/fileTask.ts';
import { journalPath, partialPath } from '../../../electron/services/download/journal.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { startSink } from '../../../electron/services/download/sink.ts';
import { defaultTuning } from '../../../electron/services/download/tuning.ts';
import { ownFiles, published, removeFolder, repo, run, smallTuning, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, sha256, startFaultServer } from './faultServer.ts';

const path = 'model.safetensors';
const block = smallTuning.blockBytes;
const content = noise(8 * block + 10, 5);
let hubCache: string;
let server: FaultServer;
beforeEach(async () => {
  hubCache = await temporaryFolder();
  server = await startFaultServer(new Map([[path, content]]), createNodeHttp());
});
afterEach(async () => {
  await server.close();
  await removeFolder(hubCache);
});
const own = () => repoPaths(hubCache, repo).own;
const expectExact = async () => expect((await published(hubCache, path)).equals(content)).toBe(true);

/** Downloads until `doneBytes` passed `atLeast`, then pauses; answers how long the pause took, ms. */
async function pauseAfter(atLeast: number, tuning = {}): Promise<number> {
  const stop = new AbortController();
  let pausedAt = 0;
  server.pause(3);
  const { result } = await run(server.source, hubCache, server.listed, {
    signal: stop.signal,
    onProgress: ({ doneBytes }) => {
      if (doneBytes < atLeast || pausedAt > 0) return;
      pausedAt = performance.now();
      stop.abort();
    },
    tuning,
  });
  server.pause(0);
  expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  return performance.now() - pausedAt;
}

// The best of a few tries: a clock counts what else the machine does.
describe('pausing', { retry: 3 }, () => {
  test('answers within half a second and keeps every byte that arrived', async () => {
    expect(await pauseAfter(3000)).toBeLessThan(500);
    const before = server.counts.sent;
    const { result, reports } = await run(server.source, hubCache, server.listed);
    expect(result.ok).toBe(true);
    expect(reports[0]?.doneBytes).toBeGreaterThanOrEqual(3000);
    expect(server.counts.sent - before).toBeLessThanOrEqual(content.length - 3000);
    await expectExact();
  });
  test.each(['stall', 'slow-headers', '429'] as const)('works while the server is at "%s"', async (verb) => {
    server.arm({ do: verb, at: 10, times: Infinity });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    const started = performance.now();
    const tuning = { stallMs: 60_000, tries: 100 };
    const { result } = await run(server.source, hubCache, server.listed, { signal: stop.signal, tuning });
    expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(performance.now() - started).toBeLessThan(560);
  });
  test('before the start does nothing at all', async () => {
    const { result } = await run(server.source, hubCache, server.listed, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(await readdir(hubCache)).toEqual([]);
  });
});

describe('resuming', () => {
  test('fetches again only the block that changed on disk', async () => {
    await pauseAfter(5 * block, { startConnections: 1, maxConnections: 1 });
    const part = partialPath(own(), sha256(content));
    const handle = await open(part, 'r+');
    await handle.write(Buffer.from('damage'), 0, 6, 2 * block + 17);
    await handle.close();
    const kept = (await stat(part)).size;
    const before = server.counts.sent;
    const { result } = await run(server.source, hubCache, server.listed);
    expect(result.ok).toBe(true);
    expect(server.counts.sent - before).toBeLessThanOrEqual(content.length - kept + 2 * block);
    await expectExact();
  });
  test('goes on with the block size the file was started with', async () => {
    await pauseAfter(4 * block);
    const before = server.counts.sent;
    const { result } = await run(server.source, hubCache, server.listed, { tuning: { blockBytes: 3000 } });
    expect(result.ok).toBe(true);
    expect(server.counts.sent - before).toBeLessThanOrEqual(content.length - 3 * block);
    await expectExact();
  });
  test.each([
    ['empty', () => ''],
    ['not JSON', () => '\0\0\0\0\n\0\0'],
    ['of another file', (text: string) => text.replace(/"bytes":\d+/, '"bytes":99')],
    ['cut in the middle of a line', (text: string) => text.slice(0, -20)],
    ['with promises that are not true', (text: string) => text.replaceAll(/,\d+\]\n/g, ',12345]\n')],
    ['with blocks that do not exist', (text: string) => `${text}[99999,10,1]\n[-1,5,1]\n[0,1e9,1]\n`],
    ['with an absurd block size', (text: string) => text.replace(/"blockBytes":\d+/, '"blockBytes":0')],
  ])('survives a journal that is %s', async (_, damage) => {
    await pauseAfter(3 * block);
    const journal = journalPath(own(), sha256(content));
    await writeFile(journal, damage(await readFile(journal, 'utf8')));
    const { result } = await run(server.source, hubCache, server.listed);
    expect(result.ok).toBe(true);
    await expectExact();
    expect(await ownFiles(hubCache)).toEqual(['verified.json']);
  });
  test('survives a partial file that was cut or removed', async () => {
    await pauseAfter(3 * block);
    const handle = await open(partialPath(own(), sha256(content)), 'r+');
    await handle.truncate(block + 5);
    await handle.close();
    expect((await run(server.source, hubCache, server.listed)).result.ok).toBe(true);
    await expectExact();
  });
});

describe('what the Hub says', () => {
  const lost: Problem = { code: 'access-lost', title: 't', explanation: 'e', actions: [], evidence: [{ status: 403 }] };
  test('access that ends in the middle comes back unchanged, and what arrived is kept', async () => {
    const source = { ...server.source };
    let asked = 0;
    source.resolve = async (...input) => (++asked > 1 ? failed(lost) : server.source.resolve(...input));
    server.arm({ do: 'expire', at: 5 * block, times: 1 });
    const { result } = await run(source, hubCache, server.listed);
    expect(result).toEqual({ ok: false, problem: lost });
    expect(await ownFiles(hubCache)).toContain(`${sha256(content)}.part`);
    expect((await run(server.source, hubCache, server.listed)).result.ok).toBe(true);
    await expectExact();
  });
  test.each(['offline', 'hub-trouble'] as const)('"%s" is tried again before it is told', async (code) => {
    let left = 2;
    const source = {
      ...server.source,
      resolve: async (...input: Parameters<typeof server.source.resolve>) =>
        left-- > 0 ? failed({ ...lost, code }) : server.source.resolve(...input),
    };
    expect((await run(source, hubCache, server.listed)).result.ok).toBe(true);
    left = Infinity;
    await removeFolder(hubCache);
    expect((await run(source, hubCache, server.listed)).result).toMatchObject({ ok: false, problem: { code } });
  });
  test('one link serves all requests of a file', async () => {
    await run(server.source, hubCache, server.listed);
    expect(server.counts.resolved).toBe(1);
    expect(server.counts.requests).toBeGreaterThan(3);
  });
  test('an offer of other bytes than the plan named is refused before the first one', async () => {
    for (const offer of [{ etag: `"${'0'.repeat(64)}"` }, { bytes: content.length + 1 }]) {
      const source = {
        ...server.source,
        resolve: async (...input: Parameters<typeof server.source.resolve>) => {
          const answer = await server.source.resolve(...input);
          return answer.ok ? ok({ ...answer.value, ...offer }) : answer;
        },
      };
      expect((await run(source, hubCache, server.listed)).result).toMatchObject({
        ok: false,
        problem: { code: 'damaged-file' },
      });
    }
    expect(server.counts.requests).toBe(0);
  });
  test('headers that come with a link go with every request to it, and only the right ones', async () => {
    const source = {
      ...server.source,
      resolve: async (...input: Parameters<typeof server.source.resolve>) => {
        const answer = await server.source.resolve(...input);
        return answer.ok ? ok({ ...answer.value, headers: { authorization: 'Bearer hf_test' } }) : answer;
      },
    };
    await run(source, hubCache, server.listed);
    expect(server.seen.length).toBeGreaterThan(0);
    expect(server.seen.every((headers) => headers.authorization === 'Bearer hf_test')).toBe(true);
    expect(server.seen.every((headers) => headers['accept-encoding'] === 'identity')).toBe(true);
    expect(server.seen.filter((headers) => headers['if-range'] !== undefined).length).toBeGreaterThan(0);
  });
});

test('two downloads of one model do not meet: the second hears that it is busy', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const source: FileSource = {
    ...server.source,
    async resolve(...input) {
      ask();
      await told;
      return server.source.resolve(...input);
    },
  };
  const first = run(source, hubCache, server.listed);
  await asked;
  const second = await run(server.source, hubCache, server.listed);
  expect(second.result).toMatchObject({ ok: false, problem: { code: 'busy' } });
  tell();
  expect((await first).result.ok).toBe(true);
  expect((await run(server.source, hubCache, server.listed)).result.ok).toBe(true);
});

test.each([
  ['../x', 'unsafe-file-name'],
  ['nul', 'unsafe-file-name'],
  ['a:b', 'unsafe-file-name'],
])('a plan with the name %s is refused', async (name, code) => {
  const files = [...server.listed, { path: name, bytes: 1, gitSha1: 'a'.repeat(40) }];
  expect((await run(server.source, hubCache, files)).result).toMatchObject({ ok: false, problem: { code } });
  expect(await readdir(hubCache)).toEqual([]);
});

test.each([
  { path: 'x', bytes: 1 },
  { path: 'x', bytes: 1, sha256: '*'.repeat(64) },
  { path: 'x', bytes: -1, gitSha1: 'a'.repeat(40) },
  { path: 'x', bytes: 2 ** 53, gitSha1: 'a'.repeat(40) },
  { path: 'x', bytes: 1.5, gitSha1: 'a'.repeat(40) },
  { path: 'x', bytes: 1, sha256: '../../evil' },
])('a file that cannot be proved is not fetched: $sha256 $bytes', async (file) => {
  const { result } = await run(server.source, hubCache, [file]);
  expect(result).toMatchObject({ ok: false, problem: { code: 'access-unknown' } });
});

test('progress is reported at most ten times a second and ends at the whole', async () => {
  server.pause(40);
  const started = performance.now();
  const { result, reports } = await run(server.source, hubCache, server.listed, {
    tuning: { reportMs: defaultTuning.reportMs },
  });
  const seconds = (performance.now() - started) / 1000;
  expect(result.ok).toBe(true);
  expect(reports.length).toBeLessThanOrEqual(seconds * 10 + 2);
  expect(reports.at(-1)).toMatchObject({ doneBytes: content.length, totalBytes: content.length });
  const done = reports.map(({ doneBytes }) => doneBytes);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(Math.max(...reports.map(({ bytesPerSecond }) => bytesPerSecond))).toBeGreaterThan(0);
});

test('positions beyond 4 GiB are kept exactly', async () => {
  const bytes = 2 ** 33 + 12_345;
  const tuning = { ...smallTuning, blockBytes: 2 ** 23 };
  const partial = await openPartial(hubCache, { etag: 'a'.repeat(64), bytes, tuning });
  const from = Math.floor(2 ** 33 / 2 ** 23) * 2 ** 23;
  const sink = startSink(partial, from, 4096, () => undefined);
  const tailBytes = noise(bytes - from, 9);
  for (let at = 0; at < tailBytes.length; at += 1000) await sink.take(tailBytes.subarray(at, at + 1000));
  await sink.flush();
  expect(partial.isComplete(partial.blockCount - 1)).toBe(true);
  await partial.close();
  const again = await openPartial(hubCache, { etag: 'a'.repeat(64), bytes, tuning });
  expect(again.filledBytes()).toBe(12_345);
  const back = Buffer.alloc(12_345);
  await again.read(back, from);
  expect(back.equals(tailBytes)).toBe(true);
  await again.close();
});
