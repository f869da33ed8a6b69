/**
 * The desktop's way to the network, on servers, proxies and certificates that are really there. Which of its two ways a
 * request took is seen from outside: only Chromium knows the system's proxy and the system's certificates.
 */
import http from 'node:http';
import https from 'node:https';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { readProxies } from '../../../electron/hosts/desktop/readProxies.ts';
import { translated } from '../../../electron/hosts/desktop/chromiumHttp.ts';
import { makeCertificates } from '../../adapters/certificates.ts';
import { listen } from '../../adapters/loopbackServer.ts';
import { startProxy } from '../../adapters/proxyServer.ts';
import { spawnStandin } from '../../standin/launch.ts';

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly text: string;
  readonly failed?: { readonly name: string; readonly code?: string; readonly issuer?: string };
}
type Asked = {
  readonly url: string;
  readonly method?: string;
  readonly headers?: object;
  readonly body?: string;
  readonly leaveAfter?: number;
};
declare const network: {
  send(request: object, leaveAfter?: number): Promise<Got>;
  way: { proxyFor(url: string): Promise<string | undefined>; issuerOf(url: string): Promise<string | undefined> };
};

const running: ReturnType<typeof spawnStandin>[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.child.kill('SIGKILL');
    await one.exited;
  }
});

/** Starts the app in a world of its own: the system's proxy, its certificates, the environment. */
async function start(env: Record<string, string>) {
  const { PATH = '', CHROMIUM_PATH } = process.env;
  const app = spawnStandin({
    app: join(import.meta.dirname, 'networkApp.ts'),
    env: { PATH, HOME: '/tmp', ...(CHROMIUM_PATH && { CHROMIUM_PATH }), ...env },
    cleanEnv: true,
  });
  running.push(app);
  await expect.poll(() => app.evaluate(() => 'network' in globalThis), { timeout: 30_000 }).toBe(true);
  return {
    send: ({ leaveAfter, ...request }: Asked): Promise<Got> =>
      app.evaluate((_modules, given) => network.send(given.request, given.leaveAfter), {
        request: { method: 'GET', headers: {}, ...request },
        leaveAfter,
      }),
    proxyFor: (url: string) => app.evaluate((_modules, at) => network.way.proxyFor(at), url),
    issuerOf: (url: string) => app.evaluate((_modules, at) => network.way.issuerOf(at), url),
  };
}

/** A Hub-like server that shows what was asked of it. */
function answering(): http.RequestListener {
  return (request, response) => {
    if (request.url === '/moved') {
      response
        .writeHead(302, { location: 'https://cdn.example/file', 'x-linked-size': '7', 'x-repo-commit': 'abc' })
        .end();
    } else if (request.url === '/packed') {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed words'));
    } else if (request.url === '/half') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => request.socket.destroy());
    } else if (request.url === '/large') {
      response.writeHead(200, { 'content-length': String(50_000_000) });
      response.end(Buffer.alloc(50_000_000, 1));
    } else {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { authorization, cookie, range, 'accept-encoding': encoding } = request.headers;
        response.writeHead(request.url === '/asleep' ? 429 : 200, {
          'x-request-id': 'r1',
          'set-cookie': 'a=b',
          'X-Twice': ['1', '2'],
        });
        response.end(JSON.stringify({ method: request.method, authorization, cookie, range, encoding, body }));
      });
    }
  };
}

describe('through the proxy of the system', () => {
  test('an exchange is what it is through Node: headers, redirects, bodies, refusals', async () => {
    const hub = await listen(http.createServer(answering()));
    const proxy = await startProxy({ to: () => hub });
    const { send, proxyFor } = await start({ STANDIN_PROXY: `PROXY 127.0.0.1:${String(proxy.port)}; DIRECT` });

    const headers = { authorization: 'Bearer hf_x', range: 'bytes=3-', 'accept-encoding': 'identity' };
    const plain = await send({ url: 'http://hub.example/api', headers });
    expect(plain.headers).toMatchObject({ 'x-request-id': 'r1', 'x-twice': '1, 2' });
    expect(JSON.parse(plain.text)).toEqual({
      method: 'GET',
      authorization: 'Bearer hf_x',
      range: 'bytes=3-',
      encoding: 'identity',
      body: '',
    });
    // No cookie is ever sent back.
    expect(JSON.parse((await send({ url: 'http://hub.example/api' })).text)).not.toHaveProperty('cookie');
    const posted = await send({ url: 'http://hub.example/api', method: 'POST', body: 'clé=ü' });
    expect(JSON.parse(posted.text)).toMatchObject({ method: 'POST', body: 'clé=ü' });
    expect(await send({ url: 'http://hub.example/asleep' })).toMatchObject({ status: 429 });
    expect(await send({ url: 'http://hub.example/moved' })).toMatchObject({
      status: 302,
      headers: { location: 'https://cdn.example/file', 'x-linked-size': '7', 'x-repo-commit': 'abc' },
      bytes: 0,
    });
    const packed = await send({ url: 'http://hub.example/packed' });
    expect(packed.text).toBe('packed words');
    expect(packed.headers).not.toHaveProperty('content-encoding');
    expect(await send({ url: 'http://hub.example/large' })).toMatchObject({ status: 200, bytes: 50_000_000 });
    expect(await send({ url: 'http://hub.example/half' })).toMatchObject({ failed: { code: 'ECONNRESET' } });
    expect(await send({ url: 'http://hub.example/large', leaveAfter: 1000 })).toMatchObject({
      failed: { name: 'AbortError' },
    });

    expect(proxy.asked.every((line) => line.includes('http://hub.example/'))).toBe(true);
    expect(proxy.asked).toHaveLength(9);
    expect(await proxyFor('http://hub.example/')).toBe(`127.0.0.1:${String(proxy.port)} (system settings)`);
    expect(await proxyFor('http://127.0.0.1/')).toBeUndefined();
  }, 60_000);

  test('a proxy that refuses or is not there has its own error, and the environment comes before the system', async () => {
    const refusing = await startProxy({ refuse: true });
    const away = await startProxy();
    const hub = await listen(http.createServer(answering()));
    const ours = await startProxy({ to: () => hub });
    const first = await start({ STANDIN_PROXY: `PROXY 127.0.0.1:${String(refusing.port)}` });
    expect(await first.send({ url: 'http://hub.example/api' })).toMatchObject({ status: 407 });
    expect(await first.send({ url: 'https://hub.example/api' })).toMatchObject({
      failed: { code: 'ERR_PROXY_CONNECTION' },
    });

    const second = await start({
      STANDIN_PROXY: 'PROXY 127.0.0.1:9',
      HTTP_PROXY: `http://ada:secret@127.0.0.1:${String(ours.port)}`,
      NO_PROXY: '.intern',
    });
    expect(await second.send({ url: 'http://hub.example/api' })).toMatchObject({ status: 200 });
    expect(ours.asked).toEqual(['GET http://hub.example/api']);
    expect(await second.proxyFor('http://hub.example/')).toBe(`http://127.0.0.1:${String(ours.port)} (HTTP_PROXY)`);
    expect(await second.send({ url: 'http://hub.intern/api' })).toMatchObject({
      failed: { code: 'ERR_PROXY_CONNECTION' },
    });
    expect(away.asked).toEqual([]);
  }, 60_000);
});

describe('a certificate of the company', () => {
  const company = makeCertificates(['hub.example', 'localhost']);
  afterAll(() => company.forget());

  test('that the system trusts is trusted, straight and through its proxy', async () => {
    const port = await listen(https.createServer(company, answering()));
    const proxy = await startProxy({ to: () => port });
    const straight = await start({ STANDIN_SYSTEM_CA: company.rootPath });
    const url = `https://localhost:${String(port)}/api`;
    expect(await straight.send({ url })).toMatchObject({ status: 200 });
    expect(await straight.send({ url })).toMatchObject({ status: 200 });
    const proxied = await start({
      STANDIN_SYSTEM_CA: company.rootPath,
      STANDIN_PROXY: `PROXY 127.0.0.1:${String(proxy.port)}`,
    });
    expect(await proxied.send({ url: 'https://hub.example/api' })).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual(['CONNECT hub.example:443']);
  }, 60_000);

  test('that nobody vouches for is refused before a byte is sent, and its issuer is named', async () => {
    let asked = 0;
    const port = await listen(
      https.createServer(company, (request, response) => {
        if (request.headers.authorization !== undefined) asked += 1;
        response.end();
      }),
    );
    const proxy = await startProxy({ to: () => port });
    const headers = { authorization: 'Bearer hf_x' };
    const straight = await start({});
    const refused = { failed: { issuer: 'Inspector Ltd' } };
    expect(await straight.send({ url: `https://localhost:${String(port)}/`, headers })).toMatchObject(refused);
    const proxied = await start({ STANDIN_PROXY: `PROXY 127.0.0.1:${String(proxy.port)}` });
    const answer = await proxied.send({ url: 'https://hub.example/', headers });
    expect(answer).toMatchObject({ failed: { code: 'CERT_UNTRUSTED', issuer: 'Inspector Ltd' } });
    expect(await proxied.issuerOf('https://hub.example/')).toBe('Inspector Ltd');
    expect(asked).toBe(0);
  }, 60_000);
});

test.each<[string, string | undefined]>([
  ['DIRECT', undefined],
  ['PROXY proxy.corp:3128; DIRECT', 'proxy.corp:3128'],
  ['HTTPS proxy.corp:443', 'proxy.corp:443'],
  ['SOCKS5 127.0.0.1:1080', '127.0.0.1:1080'],
  ['DIRECT; PROXY a:1', undefined],
  ['', undefined],
  ['nonsense', undefined],
])('the answer %j of a PAC file means %s', (said, proxy) => {
  expect(readProxies(said)).toBe(proxy);
});

test.each([
  ['net::ERR_NAME_NOT_RESOLVED', 'ENOTFOUND'],
  ['net::ERR_INTERNET_DISCONNECTED', 'ENETUNREACH'],
  ['net::ERR_CONNECTION_REFUSED', 'ECONNREFUSED'],
  ['net::ERR_CONNECTION_TIMED_OUT', 'ETIMEDOUT'],
  ['net::ERR_CONNECTION_CLOSED', 'ECONNRESET'],
  ['net::ERR_EMPTY_RESPONSE', 'ECONNRESET'],
  ['net::ERR_CONTENT_LENGTH_MISMATCH', 'ECONNRESET'],
  ['net::ERR_PROXY_CONNECTION_FAILED', 'ERR_PROXY_CONNECTION'],
  ['net::ERR_TUNNEL_CONNECTION_FAILED', 'ERR_PROXY_CONNECTION'],
  ['net::ERR_SOCKS_CONNECTION_FAILED', 'ERR_PROXY_CONNECTION'],
  ['net::ERR_PROXY_CERTIFICATE_INVALID', 'ERR_PROXY_CONNECTION'],
  ['net::ERR_CERT_AUTHORITY_INVALID', 'CERT_UNTRUSTED'],
  ['net::ERR_CERT_DATE_INVALID', 'CERT_HAS_EXPIRED'],
  ['net::ERR_CERT_COMMON_NAME_INVALID', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['net::ERR_SSL_PROTOCOL_ERROR', 'EPROTO'],
  ['net::ERR_INVALID_HTTP_RESPONSE', 'HPE_INVALID_CONSTANT'],
  ['net::ERR_BLOCKED_BY_CLIENT', 'ERR_CHROMIUM'],
])('%s is told as %s', (message, code) => {
  expect(translated(new Error(message), 'Somebody')).toMatchObject({ code, message });
});
