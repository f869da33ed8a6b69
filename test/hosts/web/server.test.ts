import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newSecret } from '../../../electron/services/bearer.ts';
import type { Case } from './bench.ts';
import { type Bench, startBench } from './bench.ts';
import { sendBytes, sendRaw } from '../sendRaw.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.server.close());
beforeEach(() => void bench.reached.splice(0));

describe('a request for data', () => {
  test('passes with everything right', async () => {
    const answer = await bench.ask(bench.good, '/request/app.setPractice', '{"on":true}');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ ok: true, value: 'the data' });
    expect(bench.reached).toEqual([{ name: 'app.setPractice', input: { on: true } }]);
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
    const answer = await bench.ask({ ...bench.good, ...change(bench) });
    expect(answer.status).toBe(status);
    expect(answer.body).toBe('');
    expect(bench.reached).toEqual([]);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('reaches the services in exactly the right combinations of all these', async () => {
    const hosts = [`127.0.0.1:${bench.port}`, `localhost:${bench.port}`, 'evil.example'];
    const origins = [bench.server.origin, undefined, 'https://evil.example'];
    const sites = ['same-origin', undefined, 'cross-site'];
    const secrets = [`Bearer ${bench.secret}`, undefined, 'Bearer wrong'];
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
    for (const given of cases) if ((await bench.ask(given)).status === 200) passed.push(given);
    expect(bench.reached.length).toBe(2);
    expect(passed).toEqual([bench.good, { ...bench.good, site: undefined }]);
  });

  test.each([
    ['two hosts', 'host', 'evil.example'],
    ['two origins', 'origin', 'https://evil.example'],
    ['two secrets', 'authorization', 'Bearer wrong'],
    ['two content types', 'content-type', 'text/plain'],
  ])('with %s is refused', async (_what, name, value) => {
    const { host, origin, authorization, type } = bench.good;
    const headers = [
      ['host', host],
      ['origin', origin ?? ''],
      ['authorization', authorization ?? ''],
      ['content-type', type ?? ''],
      [name, value],
    ] as const;
    const answer = await sendRaw(bench.port, { method: 'POST', target: '/request/app.info', headers });
    expect(answer.status).toBe(400);
    expect(bench.reached).toEqual([]);
  });

  test.each([
    ['an absolute target', (origin: string) => `${origin}/request/app.info`],
    ['a target of another host', () => 'http://evil.example/request/app.info'],
    ['a target with two slashes', () => '//request/app.info'],
    ['an asterisk', () => '*'],
  ])('with %s is refused', async (_what, target) => {
    const answer = await bench.ask(bench.good, target(bench.server.origin));
    expect(answer.status).toBe(400);
    expect(bench.reached).toEqual([]);
  });

  test('never takes its name from an escape: what arrives is handed on as it is', async () => {
    await bench.ask(bench.good, '/request/app%2einfo?x=1');
    expect(bench.reached).toEqual([{ name: 'app%2einfo?x=1', input: undefined }]);
  });

  test('with a body that is not JSON is refused', async () => {
    expect((await bench.ask(bench.good, '/request/app.info', '{"a":')).status).toBe(400);
    expect(bench.reached).toEqual([]);
  });

  test('with a body over eight million bytes is refused', async () => {
    const answer = await bench
      .ask(bench.good, '/request/app.info', `"${'x'.repeat(8_000_000)}"`)
      .catch(() => ({ status: 413 }));
    expect(answer.status).toBe(413);
    expect(bench.reached).toEqual([]);
  });

  test('takes the longest question the contract allows', async () => {
    const answer = await bench.ask(
      bench.good,
      '/request/generation.ask',
      JSON.stringify({ text: '\u20ac'.repeat(1_000_000) }),
    );
    expect(answer.status).toBe(200);
  });

  test('smuggled behind another request is not answered', async () => {
    const { host } = bench.good;
    const inner = `POST /request/app.info HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    const answer = await sendBytes(
      bench.port,
      `POST /request/app.info HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    );
    expect(answer.status).toBe(400);
    expect(bench.reached).toEqual([]);
  });
});
