import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { startPace } from '../../../electron/services/download/waits.ts';
import { published, removeFolder, run, smallTuning, temporaryFolder } from './bench.ts';
import { type FaultServer, noise, startFaultServer } from './faultServer.ts';

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
const expectExact = async () => expect((await published(hubCache, path)).equals(content)).toBe(true);

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

  test('so low that nothing comes for long is no silence, and a pause ends it at once', { retry: 3 }, async () => {
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
