import { execFileSync } from 'node:child_process';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { Problem } from '../../../electron/contract/problem.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { journalPath, partialPath } from '../../../electron/services/download/journal.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { startPace } from '../../../electron/services/download/waits.ts';
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
  server.pause(2);
  const first = run(server.source, hubCache, server.listed);
  const second = await run(server.source, hubCache, server.listed);
  expect(second.result).toMatchObject({ ok: false, problem: { code: 'busy' } });
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

describe('a speed limit', { retry: 3 }, () => {
  test('is kept', async () => {
    const started = performance.now();
    await run(server.source, hubCache, server.listed, { pace: startPace(() => 20_000) });
    expect(performance.now() - started).toBeGreaterThan((content.length / 20_000) * 1000 - 150);
    await expectExact();
  });

  test('holds for all downloads that share it, together', async () => {
    const pace = startPace(() => 40_000);
    const other = await temporaryFolder();
    const started = performance.now();
    await Promise.all([hubCache, other].map((folder) => run(server.source, folder, server.listed, { pace })));
    expect(performance.now() - started).toBeGreaterThan(((2 * content.length) / 40_000) * 1000 - 150);
    await removeFolder(other);
  });

  test('that is lifted holds back nobody any longer, also who is waiting', async () => {
    let limit: number | undefined = 500; // 16 seconds for the whole
    const started = performance.now();
    setTimeout(() => (limit = undefined), 300);
    expect((await run(server.source, hubCache, server.listed, { pace: startPace(() => limit) })).result.ok).toBe(true);
    expect(performance.now() - started).toBeLessThan(3000);
    await expectExact();
  });

  test('so low that nothing comes for long is no silence of the server, and a pause ends it at once', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 600);
    const started = performance.now();
    const { result } = await run(server.source, hubCache, server.listed, {
      pace: startPace(() => 100),
      signal: stop.signal,
      tuning: { stallMs: 100, tries: 1 },
    });
    expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    expect(performance.now() - started).toBeLessThan(1100);
  });
});

describe('a network that changes', () => {
  const watched = () => {
    const listeners = new Set<() => void>();
    return {
      change: () => listeners.forEach((listener) => listener()),
      listening: () => listeners.size,
      watchNetwork: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  };

  test.each(['stall', 'slow-headers'] as const)(
    'leaves connections at "%s", which are made anew at once instead of being waited for',
    async (verb) => {
      const network = watched();
      server.arm({ do: verb, at: 2 * block + 5, times: 2 }, { do: verb, at: 5 * block + 5, times: 2 });
      const tries = setInterval(network.change, 150);
      const { result } = await run(server.source, hubCache, server.listed, {
        watchNetwork: network.watchNetwork,
        tuning: { stallMs: 60_000, tries: 1 },
      });
      clearInterval(tries);
      expect(result.ok).toBe(true);
      await expectExact();
      expect(network.listening()).toBe(0);
      expect(server.counts.resolved).toBeGreaterThan(1);
    },
  );

  test('in the middle of a transfer costs what was on its way, no byte that was written and no failure', async () => {
    const network = watched();
    server.pause(1);
    let changes = 0;
    const { result } = await run(server.source, hubCache, server.listed, {
      watchNetwork: network.watchNetwork,
      tuning: { tries: 1, writeBytes: 100 },
      onProgress({ doneBytes }) {
        if (doneBytes < (changes + 1) * 1500) return;
        changes++;
        network.change();
      },
    });
    expect(result.ok).toBe(true);
    await expectExact();
    expect(changes).toBeGreaterThan(1);
    const onTheWay = smallTuning.maxConnections * smallTuning.blocksPerRequest * block;
    expect(server.counts.sent).toBeLessThanOrEqual(content.length + changes * onTheWay);
  });

  test('does not hide a pause', async () => {
    const network = watched();
    server.arm({ do: 'stall', at: 10, times: Infinity });
    const stop = new AbortController();
    setTimeout(() => {
      network.change();
      stop.abort();
    }, 100);
    const { result } = await run(server.source, hubCache, server.listed, {
      watchNetwork: network.watchNetwork,
      signal: stop.signal,
      tuning: { stallMs: 60_000 },
    });
    expect(result).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
  });
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

function mountTiny(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a disk without room', () => {
  test('is told before the first byte when the plan is too large', async () => {
    const files = [{ path, bytes: 2 ** 52, sha256: sha256(content) }];
    const { result } = await run(server.source, hubCache, files);
    expect(result).toMatchObject({ ok: false, problem: { code: 'disk-full' } });
    expect(server.counts.requests).toBe(0);
  });

  test('that fills up in the middle keeps what was written, and the download goes on later', async ({ skip }) => {
    if (!mountTiny(hubCache, 1)) skip('needs the right to mount a small file system');
    const big = noise(700_000, 11);
    const crowded = await startFaultServer(new Map([[path, big]]), createNodeHttp());
    try {
      const filler = join(hubCache, 'filler');
      crowded.pause(1);
      let filled = false;
      const first = await run(crowded.source, hubCache, crowded.listed, {
        tuning: {
          stallMs: 10_000,
          blockBytes: 16_384,
          startConnections: 4,
          writeBytes: 4096,
          syncBytes: 8192,
          tailBytes: 32_768,
        },
        onProgress: ({ doneBytes }) => {
          if (doneBytes < 100_000 || filled) return;
          filled = true;
          void writeFile(filler, Buffer.alloc(900_000)).catch(() => undefined);
        },
      });
      expect(first.result).toMatchObject({ ok: false, problem: { code: 'disk-full' } });
      expect(await ownFiles(hubCache)).toContain(`${sha256(big)}.part`);
      await writeFile(filler, '');
      crowded.pause(0);
      const before = crowded.counts.sent;
      const second = await run(crowded.source, hubCache, crowded.listed, { tuning: { stallMs: 10_000 } });
      expect(second.result).toMatchObject({ ok: true });
      expect((await published(hubCache, path)).equals(big)).toBe(true);
      expect(crowded.counts.sent - before).toBeLessThan(big.length - 60_000);
    } finally {
      await crowded.close();
      execFileSync('umount', [hubCache]);
    }
  });

  test('that is read-only is named as disk trouble', async ({ skip }) => {
    if (!mountTiny(hubCache, 1)) skip('needs the right to mount a small file system');
    try {
      execFileSync('mount', ['-o', 'remount,ro', hubCache]);
      const { result } = await run(server.source, hubCache, server.listed);
      expect(result).toMatchObject({ ok: false, problem: { code: 'disk-trouble' } });
    } finally {
      execFileSync('umount', [hubCache]);
    }
  });
});
