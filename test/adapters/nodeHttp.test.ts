import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../electron/adapters/nodeHttp.ts';
import type { HttpAnswer } from '../../electron/services/ports.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return (server.address() as AddressInfo).port;
}

async function textOf(answer: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const get = (url: string, headers: Record<string, string> = {}) => ({ method: 'GET' as const, url, headers });

describe('createNodeHttp', () => {
  it('hands redirects, repeated headers and compressed bodies on untouched', async () => {
    const port = await listen(
      http.createServer((_, response) => {
        response.writeHead(302, { location: '/elsewhere', 'content-encoding': 'gzip', 'X-Twice': ['a', 'b'] });
        response.end(Buffer.from([0x1f, 0x8b, 0x08]));
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    expect(answer.status).toBe(302);
    expect(answer.headers).toMatchObject({ location: '/elsewhere', 'x-twice': 'a, b' });
    expect(Buffer.from(await textOf(answer)).length).toBeGreaterThan(0);
  });

  it('sends a body with its length in bytes', async () => {
    let seen = '';
    const port = await listen(
      http.createServer((request, response) => {
        seen = `${request.headers['content-length'] ?? '-'} `;
        request.on('data', (chunk: Buffer) => (seen += chunk.toString()));
        request.on('end', () => response.end());
      }),
    );
    const url = `http://127.0.0.1:${String(port)}/`;
    await textOf(await createNodeHttp()({ method: 'POST', url, headers: {}, body: 'clé=ü' }, {}));
    expect(seen).toBe('7 clé=ü');
  });

  it('uses one connection for requests in a row', async () => {
    let connections = 0;
    const server = http.createServer((_, response) => response.end('x'));
    server.on('connection', () => (connections += 1));
    const port = await listen(server);
    const send = createNodeHttp();
    for (let i = 0; i < 5; i++) await textOf(await send(get(`http://127.0.0.1:${String(port)}/`), {}));
    expect(connections).toBe(1);
  });

  it('repeats a GET once when the kept connection turns out to be dead', async () => {
    let requests = 0;
    const server = http.createServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else response.end(`answer ${String(requests)}`);
    });
    const port = await listen(server);
    const send = createNodeHttp();
    const url = `http://127.0.0.1:${String(port)}/`;
    expect(await textOf(await send(get(url), {}))).toBe('answer 1');
    expect(await textOf(await send(get(url), {}))).toBe('answer 3');
  });

  it('never repeats a POST', async () => {
    let requests = 0;
    const server = http.createServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else response.end('x');
    });
    const port = await listen(server);
    const send = createNodeHttp();
    const url = `http://127.0.0.1:${String(port)}/`;
    await textOf(await send(get(url), {}));
    await expect(send({ method: 'POST', url, headers: {}, body: 'x' }, {})).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(requests).toBe(2);
  });

  it('lets the server wait while nobody reads', async () => {
    const chunk = Buffer.alloc(64 * 1024, 1);
    let written = 0;
    const port = await listen(
      http.createServer((_, response) => {
        const more = (): void => {
          while (written < 64 * 1024 * 1024) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', more);
          }
          response.end();
        };
        more();
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    for await (const part of answer.body) read += part.byteLength;
    expect(read).toBe(64 * 1024 * 1024);
  });

  it('closes the connection when the reader leaves early', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const port = await listen(
      http.createServer((request, response) => {
        request.socket.on('close', () => {
          closed();
        });
        response.write('first');
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    for await (const _ of answer.body) break;
    await gone;
  });

  it('closes without reading, twice if asked twice', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const port = await listen(
      http.createServer((request, response) => {
        request.socket.on('close', () => {
          closed();
        });
        response.write('first');
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    answer.close();
    answer.close();
    await gone;
  });

  it('reports a body that ends too soon', async () => {
    const port = await listen(
      http.createServer((request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => request.socket.destroy());
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    await expect(textOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('survives a connection lost before anybody reads the body', async () => {
    const port = await listen(
      http.createServer((request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('half', () => setTimeout(() => request.socket.destroy(), 20));
      }),
    );
    const answer = await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(textOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(['before the request', 'while waiting for the answer', 'while reading the body'])(
    'stops %s',
    async (when) => {
      const port = await listen(
        http.createServer((_, response) => {
          if (when === 'while reading the body') response.write('first');
        }),
      );
      const stop = new AbortController();
      if (when === 'before the request') stop.abort();
      else setTimeout(() => stop.abort(), 50);
      const run = async (): Promise<string> =>
        textOf(await createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), { signal: stop.signal }));
      await expect(run()).rejects.toMatchObject({ name: 'AbortError' });
    },
  );

  it('passes the code of the system on', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    await expect(createNodeHttp()(get(`http://127.0.0.1:${String(port)}/`), {})).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await expect(createNodeHttp({ env: {} })(get('http://name.invalid/'), {})).rejects.toMatchObject({
      code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) as string,
    });
  });

  it('gives up a connection that is never made, but not a slow answer', async () => {
    const silent = await listen(net.createServer());
    const send = createNodeHttp({ connectTimeoutMs: 100 });
    await expect(send(get(`https://127.0.0.1:${String(silent)}/`), {})).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const slow = await listen(http.createServer((_, response) => setTimeout(() => response.end('late'), 400)));
    expect(await textOf(await send(get(`http://127.0.0.1:${String(slow)}/`), {}))).toBe('late');
  });
});

describe('createNodeHttp through a proxy', () => {
  it('asks the proxy of the environment, respects NO_PROXY and never sends loopback there', async () => {
    const asked: string[] = [];
    const proxy = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('by proxy');
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url ?? ''}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    const port = await listen(proxy);
    const at = `http://127.0.0.1:${String(port)}`;
    const send = createNodeHttp({ env: { HTTP_PROXY: at, HTTPS_PROXY: at, NO_PROXY: 'name.invalid' } });
    expect(await textOf(await send(get('http://hub.example/x'), {}))).toBe('by proxy');
    await expect(send(get('https://hub.example/x'), {})).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_PROXY/) as string,
    });
    await expect(send(get('http://name.invalid/x'), {})).rejects.toThrow();
    await expect(send(get('http://127.0.0.1:9/x'), {})).rejects.toThrow();
    expect(asked).toEqual(['http://hub.example/x', 'CONNECT hub.example:443']);
  });
});

describe('createNodeHttp over TLS', () => {
  let folder: string;
  let port = 0;
  let certificate = '';
  let server: https.Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/O=Inspector Ltd/CN=localhost',
        '-addext',
        'subjectAltName=DNS:localhost,DNS:hub.example,IP:127.0.0.1',
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    );
    certificate = readFileSync(cert, 'utf8');
    server = https.createServer({ key: readFileSync(key), cert: certificate }, (_, response) =>
      setTimeout(() => response.end('secret'), 300),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses a certificate nobody vouches for and names who issued it', async () => {
    await expect(createNodeHttp()(get(`https://127.0.0.1:${String(port)}/`), {})).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      issuer: 'Inspector Ltd',
    });
  });

  it('reaches a server through the tunnel of a proxy and waits there for a slow answer', async () => {
    const proxy = http.createServer();
    proxy.on('connect', (_, socket, head) => {
      const there = net.connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        there.write(head);
        there.pipe(socket).pipe(there);
      });
      socket.on('error', () => there.destroy());
      there.on('error', () => socket.destroy());
    });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${String(await listen(proxy))}` };
    const send = createNodeHttp({ env, connectTimeoutMs: 200, extraCertificates: [certificate] });
    expect(await textOf(await send(get('https://hub.example/'), {}))).toBe('secret');
    await expect(createNodeHttp({ env })(get('https://hub.example/'), {})).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      issuer: 'Inspector Ltd',
    });
  });

  it('accepts it once it is trusted', async () => {
    const send = createNodeHttp({ extraCertificates: [certificate] });
    expect(await textOf(await send(get(`https://127.0.0.1:${String(port)}/`), {}))).toBe('secret');
    expect(await textOf(await send(get(`https://127.0.0.1:${String(port)}/`), {}))).toBe('secret');
  });
});
