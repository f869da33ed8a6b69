import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { BackendEvent } from '../../../electron/contract/ipc.ts';
import { takeSecret } from '../../../renderer/backend/secret.ts';
import { webBackend } from '../../../renderer/backend/web.ts';

const secret = 'a-secret-of-this-launch-0123456789';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A real HTTP server that a test scripts; the backend's fetch is pointed at it. */
async function host(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://127.0.0.1:${address.port}`;
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  closers.push(stop);
  const pauses: number[] = [];
  const backend = webBackend({
    secret,
    fetch: (path, options) => fetch(new URL(path as string, origin), options),
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  });
  return { backend, pauses, stop };
}

const until = (condition: () => boolean): Promise<void> => expect.poll(condition).toBe(true);

const event = (type: string): string => `data: ${JSON.stringify({ type })}\n\n`;

describe('requests', () => {
  test('carry the secret as bearer and the input as JSON', async () => {
    let seen: unknown;
    const { backend } = await host((request, response, body) => {
      seen = { url: request.url, method: request.method, authorization: request.headers.authorization, body };
      response.end(JSON.stringify({ ok: true, value: { vault: 'empty' } }));
    });
    const answer = await backend.request('accessToken.save', { accessToken: 'hf_x' });
    expect(answer).toEqual({ ok: true, value: { vault: 'empty' } });
    expect(seen).toEqual({
      url: '/request/accessToken.save',
      method: 'POST',
      authorization: `Bearer ${secret}`,
      body: '{"accessToken":"hf_x"}',
    });
  });

  test.each([
    ['an answer that is no JSON', (response: ServerResponse) => response.writeHead(502).end('<html>')],
    ['an answer of another shape', (response: ServerResponse) => response.end('{"hello":1}')],
    ['a cut connection', (response: ServerResponse) => response.destroy()],
  ])('turn %s into a problem', async (_name, reply) => {
    const { backend } = await host((_request, response) => void reply(response));
    const answer = await backend.request('signIn.get', undefined);
    expect(answer.ok).toBe(false);
    if (!answer.ok) expect(answer.problem.title).toBe('Latchkey does not answer');
  });
});

describe('events', () => {
  test('arrive whole, however the network cuts them', async () => {
    const stream = `: hello\n\nid: 1\r\ndata: {"type":"setup.removed",\r\ndata: "repo":"a/é🔑"}\r\n\r\n${event('app.restarted')}`;
    const { backend } = await host((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      void (async () => {
        for (const byte of Buffer.from(stream)) {
          response.write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    const seen: BackendEvent[] = [];
    const stop = backend.subscribe((one) => seen.push(one));
    await until(() => seen.length === 2);
    stop();
    expect(seen).toEqual([{ type: 'setup.removed', repo: 'a/é🔑' }, { type: 'app.restarted' }]);
  });

  test('go on after a broken stream, with a call to ask for everything again', async () => {
    const streams: ServerResponse[] = [];
    const { backend } = await host((_request, response) => {
      streams.push(response);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(event('chats.changed'));
    });
    const seen: string[] = [];
    const stop = backend.subscribe((one) => seen.push(one.type));
    await until(() => seen.length === 1);
    streams[0]?.destroy();
    await until(() => seen.length === 3);
    stop();
    expect(seen).toEqual(['chats.changed', 'app.restarted', 'chats.changed']);
  });

  test('wait longer after each failed attempt, and briefly again after a success', async () => {
    let connections = 0;
    const { backend, pauses } = await host((_request, response) => {
      connections += 1;
      if (connections < 4) response.writeHead(503).end();
      else response.writeHead(200).end(event('chats.changed'));
    });
    const stop = backend.subscribe(() => undefined);
    await until(() => pauses.length >= 5);
    stop();
    expect(pauses.slice(0, 5)).toEqual([400, 800, 1600, 400, 400]);
  });

  test('are read once for any number of listeners and end with the last one', async () => {
    let open = 0;
    const { backend } = await host((request, response) => {
      open += 1;
      request.socket.on('close', () => (open -= 1));
      response.writeHead(200).write(event('chats.changed'));
    });
    let heard = 0;
    const first = backend.subscribe(() => (heard += 1));
    const second = backend.subscribe(() => (heard += 1));
    await until(() => heard === 2);
    expect(open).toBe(1);
    first();
    second();
    await until(() => open === 0);
  });

  test('skip a block that is not one of ours without losing the stream', async () => {
    const { backend } = await host((_request, response) =>
      response.writeHead(200).write(`data: 42\n\ndata: {}\n\n${event('chats.changed')}`),
    );
    const seen: string[] = [];
    const stop = backend.subscribe((one) => seen.push(one.type));
    await until(() => seen.length === 1);
    stop();
    expect(seen).toEqual(['chats.changed']);
  });
});

describe('the secret', () => {
  function page(hash: string, stored: string | null = null) {
    const kept = { value: stored, address: '' };
    return {
      kept,
      location: { hash, pathname: '/', search: '' },
      history: {
        replaceState: (_data: unknown, _title: string, url?: string | URL | null) => void (kept.address = String(url)),
      },
      sessionStorage: {
        getItem: () => kept.value,
        setItem: (_key: string, value: string) => void (kept.value = value),
      },
    };
  }

  test('moves from the address to the tab and the address is cleaned', () => {
    const here = page(`#${secret}`);
    expect(takeSecret(here)).toBe(secret);
    expect(here.kept).toEqual({ value: secret, address: '/' });
  });

  test('is found again after a reload', () => expect(takeSecret(page('', secret))).toBe(secret));
  test('is undefined when the page was opened without its link', () => expect(takeSecret(page(''))).toBeUndefined());
  test('is not taken from a fragment of another shape', () => expect(takeSecret(page('#<script>'))).toBeUndefined());
});
