/** What the server says on the wire, byte for byte where it matters, and how its switch behaves. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { failed, ok } from '../../../electron/contract/result.ts';
import { queueFull } from '../../../electron/services/localServer/explain.ts';
import { nameOf, findModel } from '../../../electron/services/localServer/shapes.ts';
import { removeFolders, temporaryFolder } from '../inference/models.ts';
import { installed, serve, type Served, turnOn } from './served.ts';

let served: Served | undefined;
afterEach(() => served?.end());
afterAll(removeFolders);

const stats = { promptTokens: 1, reusedTokens: 0, newTokens: 1, firstTokenSeconds: 0, tokensPerSecond: 0, device: 'cpu' } as const; // prettier-ignore

interface Heard {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

function send(
  port: number,
  headers: Record<string, string | string[]>,
  { path = '/v1/models', body = '', method }: { path?: string; body?: string; method?: string } = {},
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, path, method: method ?? (body === '' ? 'GET' : 'POST'), headers, agent: false },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text, headers: answer.headers }));
        answer.on('error', reject);
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

describe('whoever may not pass gets a number and no word', () => {
  test.each<[number, Record<string, string>]>([
    [401, {}],
    [401, { authorization: 'Bearer wrong' }],
    [401, { authorization: 'Bearer ' }],
    [403, { host: 'evil.example', authorization: 'KEY' }],
    [403, { origin: 'https://evil.example', authorization: 'KEY' }],
    [403, { origin: 'null', authorization: 'KEY' }],
    [403, { 'sec-fetch-site': 'same-origin', authorization: 'KEY' }],
  ])('%i for %j', async (status, headers) => {
    served = serve('');
    const { port } = await turnOn(served.room);
    const key = await served.room.key();
    const real = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, v === 'KEY' ? `Bearer ${key}` : v]));
    for (const [path, body] of [
      ['/v1/models', ''],
      ['/v1/chat/completions', '{}'],
      ['/nothing', ''],
    ]) {
      // prettier-ignore
      const heard = await send(port, real, { path: path!, body: body! });
      expect([heard.status, heard.body]).toEqual([status, '']);
      expect(Object.keys(heard.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(heard.headers['server']).toBeUndefined();
      expect(heard.headers['www-authenticate']).toBeUndefined();
    }
  });

  test('a preflight of a web page is refused', async () => {
    served = serve('');
    const { port } = await turnOn(served.room);
    const heard = await send(
      port,
      { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      { method: 'OPTIONS', path: '/v1/chat/completions' },
    );
    expect([heard.status, heard.body]).toEqual([403, '']);
    expect(heard.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a program with the key', () => {
  const json = { 'content-type': 'application/json' };

  test.each<[string, number, object]>([
    ['no JSON', 400, { path: '/v1/chat/completions', body: '{' }],
    ['a body that is too large', 413, { path: '/v1/chat/completions', body: ' '.repeat(8_000_001) }],
    ['an unknown path', 404, { path: '/v1/embeddings', body: '{}' }],
    ['the wrong method', 405, { path: '/v1/models', method: 'DELETE' }],
  ])('that sends %s hears why', async (_, status, options) => {
    served = serve('');
    const { port } = await turnOn(served.room);
    const heard = await send(port, { ...json, authorization: `Bearer ${await served.room.key()}` }, options);
    expect(heard.status).toBe(status);
    expect(JSON.parse(heard.body)).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  test('that sends far too much before it listens hears why, and sees no broken connection', async () => {
    served = serve('');
    const { port } = await turnOn(served.room);
    const body = Buffer.alloc(20_000_000, ' ');
    const words = [
      'POST /v1/chat/completions HTTP/1.1',
      `Host: 127.0.0.1:${String(port)}`,
      `Authorization: Bearer ${await served.room.key()}`,
      'Content-Type: application/json',
      `Content-Length: ${String(body.length)}`,
      'Connection: close',
    ];
    const socket = connect(port, '127.0.0.1');
    socket.write(`${words.join('\r\n')}\r\n\r\n`);
    for (let at = 0; at < body.length; at += 1_000_000)
      await new Promise<void>((sent, broken) =>
        socket.write(body.subarray(at, at + 1_000_000), (error) => (error ? broken(error) : sent())),
      );
    let heard = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) heard += chunk.toString();
    expect(heard).toMatch(/^HTTP\/1.1 413[^]*larger than 8 MB/);
  });

  const ask = async (generate: Parameters<typeof serve>[1] & object, body: object = {}): Promise<Heard> => {
    served = serve('', generate);
    const { port } = await turnOn(served.room);
    const messages = [{ role: 'user', content: 'Hi' }];
    return send(
      port,
      { ...json, authorization: `Bearer ${await served.room.key()}` },
      { path: '/v1/chat/completions', body: JSON.stringify({ model: installed.repo, messages, ...body }) },
    );
  };

  test('is told to come again when enough others wait', async () => {
    for (const stream of [true, false]) {
      const heard = await ask({ generate: async () => failed(queueFull(8)) }, { stream });
      expect(heard.status).toBe(503);
      expect(heard.headers['retry-after']).toBe('2');
      expect(JSON.parse(heard.body)).toMatchObject({ error: { code: 'busy', type: 'server_error' } });
      await served?.end();
    }
  });

  test('hears of a failure in the middle of a stream, which then has no proper end', async () => {
    const heard = await ask(
      {
        async generate(_model, _input, { onText }) {
          onText('Half');
          return failed({ ...queueFull(1), code: 'engine-stopped' });
        },
      },
      { stream: true },
    );
    expect(heard.status).toBe(200);
    expect(heard.body).toContain('"content":"Half"');
    expect(heard.body).toContain('"code":"engine-stopped"');
    expect(heard.body).not.toContain('[DONE]');
  });

  test('asks a base model through completions only', async () => {
    const heard = await ask({ models: [{ ...installed, instruct: false }] });
    expect(heard.status).toBe(400);
    expect(heard.body).toContain('/v1/completions');
  });

  test('that hangs up ends its generation', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    served = serve('', {
      async generate(_model, _input, { signal }) {
        signal.addEventListener('abort', () => resolve());
        begin();
        await ended;
        return ok({ finishReason: 'stopped-by-person', stats });
      },
    });
    const { port } = await turnOn(served.room);
    const asking = request({
      host: '127.0.0.1',
      port,
      path: '/v1/chat/completions',
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${await served.room.key()}` },
    });
    asking.on('error', () => undefined);
    asking.end(JSON.stringify({ model: installed.repo, messages: [{ role: 'user', content: 'Hi' }] }));
    await begun;
    asking.destroy();
    await ended;
  });
});

describe('the switch', () => {
  test('is off by default, and off means that nothing listens', async () => {
    served = serve('');
    await served.room.start();
    expect(served.room.state()).toEqual({ kind: 'off' });
    const { port } = await turnOn(served.room);
    expect((await send(port, {})).status).toBe(401);
    await served.room.set({ on: false });
    await expect(send(port, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('is remembered with port and key, in a file that only its owner can read', async () => {
    const data = temporaryFolder();
    served = serve('', { data });
    const { port } = await turnOn(served.room);
    const key = await served.room.key();
    expect(statSync(served.file).mode & 0o777).toBe(0o600);
    expect(readFileSync(served.file, 'utf8')).toContain(key);
    await served.end();
    served = serve('', { data });
    await served.room.start();
    expect(served.room.state()).toEqual({ kind: 'on', port, address: `http://127.0.0.1:${port}/v1` });
    expect(await served.room.key()).toBe(key);
    expect((await send(port, { authorization: `Bearer ${key}` })).status).toBe(200);
  });

  test('says when another program has the port, and finds another one when asked', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const taken = (other.address() as { port: number }).port;
    const data = temporaryFolder();
    served = serve('', { data });
    writeFileSync(served.file, JSON.stringify({ version: 1, value: { on: true, port: taken, key: 'k'.repeat(43) } }));
    await served.room.start();
    expect(served.room.state()).toMatchObject({
      kind: 'failed',
      problem: {
        code: 'port-taken',
        actions: [{ kind: 'request', request: 'localServer.set', input: { on: true, anyPort: true } }],
      },
    });
    expect((await turnOn(served.room)).port).not.toBe(taken);
    await new Promise((resolve) => other.close(resolve));
  });

  test('a damaged file means off and a new key', async () => {
    served = serve('');
    writeFileSync(served.file, '{"version":1,"value":{"on":true,"port":1,"key":""}}');
    await served.room.start();
    expect(served.room.state()).toEqual({ kind: 'off' });
    expect((await served.room.key()).length).toBeGreaterThanOrEqual(43);
  });
});

test('a repository that is here twice is told apart by its dtype, the newest has the plain name', () => {
  const older = { ...installed, id: 'older', dtype: 'q8' as const };
  const all = [installed, older];
  expect(all.map((model) => nameOf(model, all))).toEqual([installed.repo, `${installed.repo}:q8`]);
  expect(findModel(installed.repo, all)).toBe(installed);
  expect(findModel(`${installed.repo}:q8`, all)).toBe(older);
  expect(findModel(`${installed.repo}:q4`, all)).toBe(installed);
  expect(findModel('older', all)).toBe(older);
  expect(findModel('', all)).toBeUndefined();
});
