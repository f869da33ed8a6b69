import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../electron/adapters/nodeHttp.ts';
import { get, listen, textOf } from './loopbackServer.ts';

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
    server = https.createServer({ key: readFileSync(key), cert: certificate }, (request, response) =>
      setTimeout(() => response.end('secret'), request.url === '/slow' ? 1500 : 0),
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
    const send = createNodeHttp({ env, connectTimeoutMs: 1000, extraCertificates: [certificate] });
    expect(await textOf(await send(get('https://hub.example/slow'), {}))).toBe('secret');
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
