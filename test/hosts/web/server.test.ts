import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ok } from '../../../electron/contract/result.ts';
import { guardHeaders } from '../../../electron/hosts/contentPolicy.ts';
import { newSecret } from '../../../electron/hosts/web/secret.ts';
import { startWebServer, type WebServer } from '../../../electron/hosts/web/server.ts';
import { type RawAnswer, sendBytes, sendRaw } from '../sendRaw.ts';

const secret = newSecret();
let server: WebServer;
let port = 0;
/** What reached the services, which is the only thing that counts. */
let reached: { name: unknown; input: unknown }[] = [];

beforeAll(async () => {
  server = await startWebServer({
    request: async (name, input) => {
      reached.push({ name, input });
      return ok('the data');
    },
    rendererFolder: join(import.meta.dirname, '..', 'page'),
    secret,
    port: 0,
  });
  port = Number(new URL(server.origin).port);
});
afterAll(() => server.close());
beforeEach(() => (reached = []));

interface Case {
  readonly host: string;
  readonly origin: string | undefined;
  readonly site: string | undefined;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly type: string | undefined;
}

function ask(given: Case, target = '/request/app.info', body = ''): Promise<RawAnswer> {
  const all: (readonly [string, string | undefined])[] = [
    ['host', given.host],
    ['origin', given.origin],
    ['sec-fetch-site', given.site],
    ['authorization', given.authorization],
    ['content-type', given.type],
  ];
  const headers = all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return sendRaw(port, { method: given.method, target, headers, body });
}

const good = (): Case => ({
  host: `127.0.0.1:${port}`,
  origin: server.origin,
  site: 'same-origin',
  method: 'POST',
  authorization: `Bearer ${secret}`,
  type: 'application/json',
});

describe('a request for data', () => {
  test('passes with everything right', async () => {
    const answer = await ask(good(), '/request/app.setPractice', '{"on":true}');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ ok: true, value: 'the data' });
    expect(reached).toEqual([{ name: 'app.setPractice', input: { on: true } }]);
  });

  const wrong: readonly (readonly [string, (now: { port: number; secret: string }) => Partial<Case>, number])[] = [
    ['host localhost', ({ port }) => ({ host: `localhost:${port}` }), 403],
    ['host 0.0.0.0', ({ port }) => ({ host: `0.0.0.0:${port}` }), 403],
    ['host [::1]', ({ port }) => ({ host: `[::1]:${port}` }), 403],
    ['a rebound name as host', ({ port }) => ({ host: `evil.example:${port}` }), 403],
    ['a host that ends like ours', ({ port }) => ({ host: `127.0.0.1.evil.example:${port}` }), 403],
    ['our host with another port', () => ({ host: '127.0.0.1:1' }), 403],
    ['our host without a port', () => ({ host: '127.0.0.1' }), 403],
    ['our host with credentials', ({ port }) => ({ host: `a@127.0.0.1:${port}` }), 403],
    ['our host in upper-case scheme style', ({ port }) => ({ host: `http://127.0.0.1:${port}` }), 403],
    ['an empty host', () => ({ host: '' }), 403],
    ['a decimal host', ({ port }) => ({ host: `2130706433:${port}` }), 403],
    ['a host with a trailing dot', ({ port }) => ({ host: `127.0.0.1.:${port}` }), 403],
    ['no origin', () => ({ origin: undefined }), 403],
    ['the origin null', () => ({ origin: 'null' }), 403],
    ['a foreign origin', () => ({ origin: 'https://evil.example' }), 403],
    ['the origin localhost', ({ port }) => ({ origin: `http://localhost:${port}` }), 403],
    ['our origin on another port', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    ['our origin with https', ({ port }) => ({ origin: `https://127.0.0.1:${port}` }), 403],
    ['our origin with a path', ({ port }) => ({ origin: `http://127.0.0.1:${port}/` }), 403],
    ['an empty origin', () => ({ origin: '' }), 403],
    ['the origin of the desktop page', () => ({ origin: 'app://latchkey' }), 403],
    ['a cross-site fetch', () => ({ site: 'cross-site' }), 403],
    ['a same-site fetch from another port', () => ({ site: 'same-site' }), 403],
    ['a fetch by the person', () => ({ site: 'none' }), 403],
    ['an unknown fetch site', () => ({ site: 'SAME-ORIGIN' }), 403],
    ['method GET', () => ({ method: 'GET' }), 405],
    ['method HEAD', () => ({ method: 'HEAD' }), 405],
    ['method PUT', () => ({ method: 'PUT' }), 405],
    ['method DELETE', () => ({ method: 'DELETE' }), 405],
    ['method PATCH', () => ({ method: 'PATCH' }), 405],
    ['method OPTIONS, as a preflight', () => ({ method: 'OPTIONS' }), 405],
    ['no secret', () => ({ authorization: undefined }), 401],
    ['an empty secret', () => ({ authorization: 'Bearer ' }), 401],
    ['another secret', () => ({ authorization: `Bearer ${newSecret()}` }), 401],
    ['the secret cut short', ({ secret }) => ({ authorization: `Bearer ${secret.slice(0, -1)}` }), 401],
    ['the secret made longer', ({ secret }) => ({ authorization: `Bearer ${secret}A` }), 401],
    ['the secret in lower case', ({ secret }) => ({ authorization: `Bearer ${secret.toLowerCase()}` }), 401],
    ['the secret twice', ({ secret }) => ({ authorization: `Bearer ${secret} ${secret}` }), 401],
    ['the secret alone', ({ secret }) => ({ authorization: secret }), 401],
    ['the secret under another scheme', ({ secret }) => ({ authorization: `Basic ${secret}` }), 401],
    ['a lower-case scheme', ({ secret }) => ({ authorization: `bearer ${secret}` }), 401],
    ['no content type', () => ({ type: undefined }), 415],
    ['a form', () => ({ type: 'application/x-www-form-urlencoded' }), 415],
    ['plain text, which needs no preflight', () => ({ type: 'text/plain' }), 415],
    ['a multipart form', () => ({ type: 'multipart/form-data; boundary=x' }), 415],
    ['JSON in another alphabet', () => ({ type: 'application/json; charset=utf-7' }), 415],
    ['a type that only begins like JSON', () => ({ type: 'application/jsonp' }), 415],
  ];

  test.each(wrong)('with %s is refused and tells nothing', async (_what, change, status) => {
    const answer = await ask({ ...good(), ...change({ port, secret }) });
    expect(answer.status).toBe(status);
    expect(answer.body).toBe('');
    expect(reached).toEqual([]);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('reaches the services in exactly the right combinations of all these', async () => {
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, 'evil.example'];
    const origins = [server.origin, undefined, 'https://evil.example'];
    const sites = ['same-origin', undefined, 'cross-site'];
    const secrets = [`Bearer ${secret}`, undefined, 'Bearer wrong'];
    const types = ['application/json', 'text/plain'];
    const cases = hosts.flatMap((host) =>
      origins.flatMap((origin) =>
        sites.flatMap((site) =>
          ['POST', 'GET'].flatMap((method) =>
            secrets.flatMap((authorization) =>
              types.map((type) => ({ host, origin, site, method, authorization, type })),
            ),
          ),
        ),
      ),
    );
    expect(cases.length).toBe(324);
    const passed: Case[] = [];
    for (const given of cases) if ((await ask(given)).status === 200) passed.push(given);
    expect(reached.length).toBe(2);
    expect(passed).toEqual([good(), { ...good(), site: undefined }]);
  });

  test.each([
    ['two hosts', 'host', 'evil.example'],
    ['two origins', 'origin', 'https://evil.example'],
    ['two secrets', 'authorization', 'Bearer wrong'],
    ['two content types', 'content-type', 'text/plain'],
  ])('with %s is refused', async (_what, name, value) => {
    const { host, origin, authorization, type } = good();
    const headers = [
      ['host', host],
      ['origin', origin ?? ''],
      ['authorization', authorization ?? ''],
      ['content-type', type ?? ''],
      [name, value],
    ] as const;
    const answer = await sendRaw(port, { method: 'POST', target: '/request/app.info', headers });
    expect(answer.status).toBe(400);
    expect(reached).toEqual([]);
  });

  test.each([
    ['an absolute target', (origin: string) => `${origin}/request/app.info`],
    ['a target of another host', () => 'http://evil.example/request/app.info'],
    ['a target with two slashes', () => '//request/app.info'],
    ['an asterisk', () => '*'],
  ])('with %s is refused', async (_what, target) => {
    const answer = await ask(good(), target(server.origin));
    expect(answer.status).toBe(400);
    expect(reached).toEqual([]);
  });

  test('never takes its name from an escape: what arrives is handed on as it is', async () => {
    await ask(good(), '/request/app%2einfo?x=1');
    expect(reached).toEqual([{ name: 'app%2einfo?x=1', input: undefined }]);
  });

  test('with a body that is not JSON is refused', async () => {
    expect((await ask(good(), '/request/app.info', '{"a":')).status).toBe(400);
    expect(reached).toEqual([]);
  });

  test('with a body over eight million bytes is refused', async () => {
    const answer = await ask(good(), '/request/app.info', `"${'x'.repeat(8_000_000)}"`).catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
    expect(reached).toEqual([]);
  });

  test('takes the longest question the contract allows', async () => {
    const answer = await ask(good(), '/request/generation.ask', JSON.stringify({ text: '\u20ac'.repeat(1_000_000) }));
    expect(answer.status).toBe(200);
  });

  test('smuggled behind another request is not answered', async () => {
    const { host } = good();
    const inner = `POST /request/app.info HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    const answer = await sendBytes(
      port,
      `POST /request/app.info HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    );
    expect(answer.status).toBe(400);
    expect(reached).toEqual([]);
  });
});

describe('the page', () => {
  const get = (target: string, change: Partial<Case> = {}): Promise<RawAnswer> =>
    ask({ ...good(), method: 'GET', origin: undefined, authorization: undefined, type: undefined, ...change }, target);

  test.each(['/', '/index.html', '/page.js'])(
    '%s is served without the secret, with every guarding header',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ ...guardHeaders, 'cache-control': 'no-store' });
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
      ['host', good().host],
      ['sec-fetch-site', 'cross-site'],
      ['sec-fetch-mode', 'navigate'],
      ['sec-fetch-dest', 'document'],
    ] as const;
    expect((await sendRaw(port, { method: 'GET', target: '/', headers })).status).toBe(200);
    const framed = [...headers.slice(0, 3), ['sec-fetch-dest', 'iframe'] as const];
    expect((await sendRaw(port, { method: 'GET', target: '/', headers: framed })).status).toBe(403);
  });
});

describe('the stream of events', () => {
  const headers = { authorization: `Bearer ${secret}` };

  test('carries every event to everybody who listens, as JSON lines', async () => {
    const answer = await fetch(`${server.origin}/events`, { headers });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader.read()).value ?? '';
    expect(seen).toBe(':\n\n');
    server.send({ type: 'app.restarted' });
    server.send({ type: 'setup.removed', repo: 'a/b\n\ndata: x' });
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
    const list = [['host', good().host], ...Object.entries(given)] as [string, string][];
    expect((await sendRaw(port, { method: 'GET', target: '/events', headers: list })).status).toBe(status);
  });

  test('ends for a page that does not read, instead of filling memory', async () => {
    const stalled = new AbortController();
    const answer = await fetch(`${server.origin}/events`, { headers, signal: stalled.signal });
    const big = { type: 'setup.removed', repo: 'x'.repeat(1_000_000) } as const;
    for (let sent = 0; sent < 30; sent += 1) {
      server.send(big);
      await wait(5);
    }
    await expect(answer.text()).rejects.toThrow();
    stalled.abort();
  });
});
