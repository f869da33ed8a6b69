import http from 'node:http';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { createNodeHttp } from '../../electron/adapters/nodeHttp.ts';
import { get, listen, textOf } from './loopbackServer.ts';

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
    const send = createNodeHttp({ connectTimeoutMs: 700 });
    await expect(send(get(`https://127.0.0.1:${String(silent)}/`), {})).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    const slow = await listen(http.createServer((_, response) => setTimeout(() => response.end('late'), 1200)));
    expect(await textOf(await send(get(`http://127.0.0.1:${String(slow)}/`), {}))).toBe('late');
  });
});
