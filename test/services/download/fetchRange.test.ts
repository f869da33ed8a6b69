import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { fetchRange, type RangeRequest } from '../../../electron/services/download/fetchRange.ts';
import { defaultTuning } from '../../../electron/services/download/tuning.ts';
import type { HttpPort } from '../../../electron/services/ports.ts';
import { listen } from '../../adapters/loopbackServer.ts';

const MiB = 2 ** 20;

/** A server in memory: `pieces` chunks of `bytes` bytes for any range, each after `ms`. */
function serving(pieces: number, bytes: number, ms = 0): HttpPort {
  return async ({ headers }) => {
    const [, from = '0', last = '0'] = /bytes=(\d+)-(\d+)/.exec(headers['range'] ?? '') ?? [];
    return {
      status: 206,
      headers: { 'content-range': `bytes ${from}-${last}/${String(2 ** 40)}`, etag: '"x"' },
      body: (async function* () {
        for (let piece = 0; piece < pieces; piece++) {
          await new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
          yield new Uint8Array(bytes);
        }
      })(),
      close: () => undefined,
    };
  };
}

function asking(http: HttpPort, bytes: number, more: Partial<RangeRequest> = {}): RangeRequest {
  return {
    http,
    link: { url: 'http://server/', headers: {} },
    from: 2 ** 33,
    to: 2 ** 33 + bytes,
    total: 2 ** 40,
    whole: false,
    page: false,
    take: async () => undefined,
    tuning: defaultTuning,
    now: Date.now,
    signal: new AbortController().signal,
    ...more,
  };
}

test('memory does not grow with the bytes that passed', { timeout: 60_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pieces = 1600;
  let taken = 0;
  let most = 0;
  collect();
  const before = process.memoryUsage().arrayBuffers;
  const take = async () => {
    if (++taken % 400 !== 0) return;
    collect();
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  };
  expect(await fetchRange(asking(serving(pieces, MiB / 16), pieces * (MiB / 16), { take }))).toBeUndefined();
  expect(taken).toBe(pieces);
  // 100 MiB passed; the collector may be one round of 25 MiB behind.
  expect(most).toBeLessThan(50 * MiB);
});

describe('patience', () => {
  const tuning = { ...defaultTuning, stallMs: 80, stallBytes: 1000 };
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What came of it when time has passed for everybody who waits. The clock on the wall would count pauses of the machine. */
  async function inTime<T>(running: Promise<T>): Promise<T> {
    await vi.runAllTimersAsync();
    return running;
  }

  test('a slow but steady line is left alone', async () => {
    expect(await inTime(fetchRange(asking(serving(30, 500, 10), 15_000, { tuning })))).toBeUndefined();
  });

  test('a line below the floor is given up', async () => {
    expect(await inTime(fetchRange(asking(serving(30, 50, 10), 1500, { tuning })))).toEqual({ kind: 'stalled' });
  });

  test('time spent in our own disk does not count', async () => {
    const take = () => new Promise<void>((resolve) => setTimeout(resolve, 120));
    expect(await inTime(fetchRange(asking(serving(4, 100, 1), 400, { tuning, take })))).toBeUndefined();
  });

  test('a server that never answers is given up, and its late answer is closed', async () => {
    let closed = 0;
    const late: HttpPort = async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { status: 206, headers: {}, body: (async function* () {})(), close: () => closed++ };
    };
    expect(await inTime(fetchRange(asking(late, 10, { tuning })))).toEqual({ kind: 'stalled' });
    expect(closed).toBe(1);
  });

  test('aborting rejects at once although the port ignores it', async () => {
    const stop = new AbortController();
    const deaf: HttpPort = () => new Promise(() => undefined);
    const running = fetchRange(asking(deaf, 10, { tuning, signal: stop.signal }));
    stop.abort();
    await expect(running).rejects.toThrow(/abort/i); // and no time has passed
  });
});

test('bytes that came while this process stood still were no silence of the server', async () => {
  let rest: (() => void) | undefined;
  const server = createServer((_, answer) => {
    answer.writeHead(206, { 'content-range': 'bytes 0-9/10', 'content-length': '10' });
    answer.write('12345');
    rest = () => answer.end('67890');
  });
  const url = `http://127.0.0.1:${String(await listen(server))}/`;
  const take = async () => {
    if (!rest) return;
    // The rest is on its way when this process is held up for longer than patience lasts, before it reads on.
    rest();
    rest = undefined;
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300));
  };
  const asked = { from: 0, to: 10, total: 10, take, link: { url, headers: {} } };
  const tuning = { ...defaultTuning, stallMs: 100 };
  expect(await fetchRange(asking(createNodeHttp(), 10, { ...asked, tuning }))).toBeUndefined();
});

test('no byte beyond the range is handed out, whatever the server sends', async () => {
  let got = 0;
  const take = async (chunk: Uint8Array) => void (got += chunk.length);
  expect(await fetchRange(asking(serving(10, 100), 250, { take }))).toBeUndefined();
  expect(got).toBe(250);
});

test('an error of the disk comes through as it is', async () => {
  const take = async () => {
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  };
  await expect(fetchRange(asking(serving(1, 100), 100, { take }))).rejects.toThrow('full');
});
