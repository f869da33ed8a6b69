import { setTimeout as wait } from 'node:timers/promises';
import { guardHeaders, ownWindow } from '../../../electron/hosts/contentPolicy.ts';
import type { RawAnswer } from '../sendRaw.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Case } from './bench.ts';
import { type Bench, startBench } from './bench.ts';
import { sendRaw } from '../sendRaw.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.server.close());
beforeEach(() => void bench.reached.splice(0));

describe('the page', () => {
  const get = (target: string, change: Partial<Case> = {}): Promise<RawAnswer> =>
    bench.ask(
      { ...bench.good, method: 'GET', origin: undefined, authorization: undefined, type: undefined, ...change },
      target,
    );

  test.each(['/', '/index.html', '/page.js'])(
    '%s is served without the secret, with every guarding header',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ ...guardHeaders, ...ownWindow, 'cache-control': 'no-store' });
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    },
  );

  test.each([
    '/../web/server.test.ts',
    '/..%2fweb%2fserver.test.ts',
    '/%2e%2e/web/server.test.ts',
    '/..\\web\\server.test.ts',
    '/./page.js',
    '/.hidden.js',
    '/page.js%00.html',
    '/page.js/',
    '/page.js?x=1',
    '/C:/page.js',
    '/nothing.js',
    '/page',
    '/etc/passwd',
    '/%',
  ])('does not serve %s', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.body]).toEqual([404, '']);
  });

  test.each<[string, Partial<Case>, number]>([
    ['under another name', { host: 'evil.example' }, 403],
    ['to a script of another site', { site: 'cross-site' }, 403],
    ['to another port of this computer', { site: 'same-site' }, 403],
    ['to a foreign origin', { origin: 'https://evil.example' }, 403],
    ['to POST', { method: 'POST' }, 405],
    ['to OPTIONS', { method: 'OPTIONS' }, 405],
  ])('is not served %s', async (_what, change, status) => {
    expect((await get('/', change)).status).toBe(status);
  });

  test('is served when a person follows the file that opens the browser', async () => {
    const headers = [
      ['host', bench.good.host],
      ['sec-fetch-site', 'cross-site'],
      ['sec-fetch-mode', 'navigate'],
      ['sec-fetch-dest', 'document'],
    ] as const;
    expect((await sendRaw(bench.port, { method: 'GET', target: '/', headers })).status).toBe(200);
    const framed = [...headers.slice(0, 3), ['sec-fetch-dest', 'iframe'] as const];
    expect((await sendRaw(bench.port, { method: 'GET', target: '/', headers: framed })).status).toBe(403);
  });
});

describe('the stream of events', () => {
  const headers = { authorization: '' };
  beforeAll(() => void (headers.authorization = `Bearer ${bench.secret}`));

  test('carries every event to everybody who listens, as JSON lines', async () => {
    const answer = await fetch(`${bench.server.origin}/events`, { headers });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader.read()).value ?? '';
    expect(seen).toBe(':\n\n');
    bench.server.send({ type: 'app.restarted' });
    bench.server.send({ type: 'setup.removed', repo: 'a/b\n\ndata: x' });
    while (!seen.includes('removed')) seen += (await reader.read()).value ?? '';
    const lines = seen.split('\n\n').filter((line) => line.startsWith('data: '));
    expect(lines.map((line) => JSON.parse(line.slice(6)) as unknown)).toEqual([
      { type: 'app.restarted' },
      { type: 'setup.removed', repo: 'a/b\n\ndata: x' },
    ]);
    await reader.cancel();
  });

  test.each<[string, Record<string, string>, number]>([
    ['without the secret', {}, 401],
    ['with another secret', { authorization: 'Bearer wrong' }, 401],
    ['from a foreign origin', { ...headers, origin: 'https://evil.example' }, 403],
    ['cross-site', { ...headers, 'sec-fetch-site': 'cross-site' }, 403],
  ])('is refused %s', async (_what, given, status) => {
    const list = [['host', bench.good.host], ...Object.entries(given)] as [string, string][];
    expect((await sendRaw(bench.port, { method: 'GET', target: '/events', headers: list })).status).toBe(status);
  });

  test('ends for a page that does not read, instead of filling memory', async () => {
    const stalled = new AbortController();
    const answer = await fetch(`${bench.server.origin}/events`, { headers, signal: stalled.signal });
    const big = { type: 'setup.removed', repo: 'x'.repeat(1_000_000) } as const;
    for (let sent = 0; sent < 30; sent += 1) {
      bench.server.send(big);
      await wait(5);
    }
    await expect(answer.text()).rejects.toThrow();
    stalled.abort();
  });
});
