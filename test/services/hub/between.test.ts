/**
 * What stands between a person and the Hub, each really there on loopback: servers, proxies, portals, certificates. The
 * whole way is ours (adapter, Hub client, check, words); only the server at the end is a stand-in.
 */
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { Problem } from '../../../electron/contract/problem.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { probeFile } from '../../../electron/services/hub/files.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { makeCertificates } from '../../adapters/certificates.ts';
import { listen } from '../../adapters/loopbackServer.ts';
import { startProxy } from '../../adapters/proxyServer.ts';
import { clientFor } from './wire.ts';

const canary = 'hf_canaryCanaryCanaryCanaryCanaryCana';
const token = createAccessToken(canary);
const repo = 'org/model';

interface Way {
  readonly endpoint: string;
  readonly env?: Record<string, string>;
  readonly trust?: readonly string[];
}

/** Asks for one model over this way, with a token where the way may have one; answers what the person is told. */
async function told({ endpoint, env = {}, trust }: Way): Promise<Problem> {
  const port = createNodeHttp({ env, ...(trust && { extraCertificates: trust }) });
  const hub = clientFor(endpoint, { http: port, stallMs: 3000 });
  const mayHave = endpoint.startsWith('https') || endpoint.includes('127.0.0.1');
  const { problem } = await checkAccess(hub, { repo, ...(mayHave && { token }) });
  expect(JSON.stringify([problem, hub.log])).not.toMatch(/canary|s3cret/);
  if (!problem) throw new Error('there should be a problem');
  return problem;
}

/** A server on loopback with the address it is reached by. */
const serve = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${String(await listen(http.createServer(answer)))}`;
const page = '<!doctype html><title>Welcome to the hotel</title>';

describe('no way at all', () => {
  test('a name that nobody knows is told as: no connection', async () => {
    const problem = await told({ endpoint: 'https://hub.invalid' });
    expect(problem).toMatchObject({ code: 'offline', title: 'No connection to Hugging Face' });
    expect(problem.evidence[0]?.cause).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test('a computer that nobody answers at is told as: no connection', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    const problem = await told({ endpoint: `http://127.0.0.1:${String(port)}` });
    expect(problem).toMatchObject({ code: 'offline', actions: [{ request: 'setup.check' }, { view: 'chat' }] });
  });

  test('a line that goes dead in the middle of an answer is told as: no connection', async () => {
    const endpoint = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '9999' });
      response.write('{', () => request.socket.destroy());
    });
    expect(await told({ endpoint })).toMatchObject({ code: 'offline' });
  });
});

describe('a proxy', () => {
  test('that is not there is named as what is missing', async () => {
    const server = net.createServer();
    const port = await listen(server);
    server.close();
    for (const endpoint of ['http://hub.example', 'https://hub.example']) {
      const at = `http://127.0.0.1:${String(port)}`;
      const problem = await told({ endpoint, env: { HTTP_PROXY: at, HTTPS_PROXY: at } });
      expect(problem).toMatchObject({ code: 'proxy-or-portal', title: 'Your proxy does not answer' });
    }
  });

  test('that wants a name and password is told apart, and served once its address has them', async () => {
    const port = await listen(http.createServer(gatedAnswer));
    const proxy = await startProxy({ to: () => port, login: 'ada:s3cret' });
    const place = `127.0.0.1:${String(proxy.port)}`;
    for (const endpoint of ['http://hub.example', 'https://hub.example']) {
      const env = { HTTP_PROXY: `http://ada:wrong@${place}`, HTTPS_PROXY: `http://${place}` };
      const problem = await told({ endpoint, env });
      expect(problem).toMatchObject({
        code: 'proxy-or-portal',
        title: 'Your proxy did not let the request through',
        explanation: expect.stringContaining('http://NAME:PASSWORD@HOST:PORT') as string,
      });
    }
    const served = await told({ endpoint: 'http://hub.example', env: { HTTP_PROXY: `http://ada:s3cret@${place}` } });
    expect(served.code).toBe('no-token');
  });

  test('that answers with its own error is not taken for the Hub', async () => {
    const proxy = http.createServer((_request, response) =>
      response.writeHead(503, { 'x-squid-error': 'ERR_DNS_FAIL 0', 'content-type': 'text/html' }).end(page),
    );
    const env = { HTTP_PROXY: `http://127.0.0.1:${String(await listen(proxy))}` };
    const problem = await told({ endpoint: 'http://hub.example', env });
    expect(problem).toMatchObject({ code: 'proxy-or-portal', title: 'Your proxy could not reach Hugging Face' });
  });
});

describe('a network that wants to be signed in to first', () => {
  test.each<[string, RequestListener]>([
    ['a page instead of the answer', (_, response) => response.setHeader('content-type', 'text/html').end(page)],
    ['status 511', (_, response) => response.writeHead(511).end(page)],
    ['a page of refusal', (_, response) => response.writeHead(403, { 'content-type': 'text/html' }).end(page)],
  ])('by %s is told as: your network answered', async (_name, answer) => {
    const problem = await told({ endpoint: await serve(answer) });
    expect(problem).toMatchObject({
      code: 'proxy-or-portal',
      actions: [{ kind: 'page' }, { request: 'setup.check' }, {}],
    });
    expect(problem.title).toBe('Your network answered instead of Hugging Face');
  });

  test('by a redirect to its own page is followed neither with a token nor without', async () => {
    let visits = 0;
    const portal = await serve((_request, response) => {
      visits += 1;
      response.end(page);
    });
    const problem = await told({
      endpoint: await serve((_, response) => response.writeHead(302, { location: `${portal}/login` }).end()),
    });
    expect(problem).toMatchObject({ code: 'proxy-or-portal', title: 'Your network answered instead of Hugging Face' });
    expect(visits).toBe(0);
  });

  test('in plain text where encryption was expected is told as: your network answered', async () => {
    const port = await listen(
      net.createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 302 Found\r\n\r\n'))),
    );
    const proxy = await startProxy({ to: () => port });
    const env = { HTTPS_PROXY: `http://127.0.0.1:${String(proxy.port)}` };
    expect(await told({ endpoint: 'https://hub.example', env })).toMatchObject({ code: 'proxy-or-portal' });
  });
});

describe('a certificate', () => {
  const inspector = makeCertificates(['hub.example'], { organisation: 'Zscaler Inc.' });
  const old = makeCertificates(['hub.example'], { expired: true });
  const other = makeCertificates(['other.example']);
  afterAll(() => [inspector, old, other].forEach((one) => one.forget()));

  /** An https Hub that a proxy knows the way to; counts requests that carry a token. */
  async function secureHub(keys: { readonly key: string; readonly cert: string }) {
    const seen = { tokens: 0 };
    const port = await listen(
      https.createServer(keys, (request, response) => {
        if (request.headers.authorization !== undefined) seen.tokens += 1;
        gatedAnswer(request, response);
      }),
    );
    const proxy = await startProxy({ to: () => port });
    return {
      seen,
      way: { endpoint: 'https://hub.example', env: { HTTPS_PROXY: `http://127.0.0.1:${String(proxy.port)}` } },
    };
  }

  test('of an inspection is refused, its issuer named, and no token sent', async () => {
    const { seen, way } = await secureHub(inspector);
    const problem = await told(way);
    expect(problem).toMatchObject({ code: 'tls-intercepted', actions: [{ kind: 'copy-report' }] });
    expect(problem.explanation).toContain('"Zscaler Inc."');
    expect(seen.tokens).toBe(0);
  });

  test('of an inspection that this computer trusts is like any other', async () => {
    const { seen, way } = await secureHub(inspector);
    expect(await told({ ...way, trust: [inspector.root] })).not.toMatchObject({ code: 'tls-intercepted' });
    expect(seen.tokens).toBeGreaterThan(0);
  });

  test('that is out of date points to the clock', async () => {
    const { seen, way } = await secureHub(old);
    const problem = await told({ ...way, trust: [old.root] });
    expect(problem).toMatchObject({ code: 'tls-intercepted', title: expect.stringContaining('a date') as string });
    expect(seen.tokens).toBe(0);
  });

  test('for another name is refused', async () => {
    const { seen, way } = await secureHub(other);
    expect(await told({ ...way, trust: [other.root] })).toMatchObject({ code: 'tls-intercepted' });
    expect(seen.tokens).toBe(0);
  });
});

describe('the Hub itself', () => {
  const marked = { 'x-request-id': 'r-1' };

  test.each<[string, number, Record<string, string>, RegExp]>([
    [
      'by its sentence',
      403,
      { 'x-error-message': 'This model is not available in your region.' },
      /excludes your region/,
    ],
    ['by law', 451, {}, /451: unavailable for legal reasons/],
    ['by law, with a reason', 451, { 'x-error-message': 'Withheld by court order.' }, /"Withheld by court order."/],
  ])('that offers a model not here says so %s', async (_name, status, headers, words) => {
    const endpoint = await serve((_, response) => response.writeHead(status, { ...marked, ...headers }).end());
    const problem = await told({ endpoint });
    expect(problem).toMatchObject({ code: 'region-blocked', explanation: expect.stringMatching(words) as string });
  });

  test('that asks to slow down is asked again when it said, and not before', async () => {
    const endpoint = await serve((_, response) =>
      response.writeHead(429, { ...marked, ratelimit: '"api";r=0;t=42' }).end(),
    );
    const before = Date.now();
    const problem = await told({ endpoint });
    expect(problem.code).toBe('rate-limited');
    const wait = (problem.evidence[0]?.retryAt ?? 0) - before;
    expect(wait).toBeGreaterThanOrEqual(43_000);
    expect(wait).toBeLessThan(43_000 + 20_000);
  });

  test.each<[string, string, boolean]>([
    ['that do not answer', 'http://127.0.0.1:9', false],
    ['that the proxy does not let through', 'https://cdn.example', true],
  ])('with download servers %s names them, with the list for IT', async (_name, cdn, refuse) => {
    const commit = 'a'.repeat(40);
    const endpoint = await serve((_, response) =>
      response
        .writeHead(302, {
          ...marked,
          location: `${cdn}/file`,
          'x-repo-commit': commit,
          'x-linked-size': '10',
          'x-linked-etag': `"${'b'.repeat(64)}"`,
        })
        .end(),
    );
    const proxy = await startProxy({ refuse });
    const env = !refuse ? {} : { HTTPS_PROXY: `http://127.0.0.1:${String(proxy.port)}` };
    const hub = clientFor(endpoint, { http: createNodeHttp({ env }) });
    const probed = await probeFile(hub, { repo, commit, path: 'model.safetensors', token });
    expect(probed).toMatchObject({ ok: false, problem: { code: 'cdn-blocked' } });
    const text = JSON.stringify(probed);
    expect(text).toContain('us.aws.cdn.hf.co');
    expect(text).toContain(new URL(cdn).host);
    expect(proxy.asked).toEqual(!refuse ? [] : ['CONNECT cdn.example:443']);
  });
});

function gatedAnswer(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(401, { 'x-error-code': 'GatedRepo', 'x-request-id': 'r-2' }).end();
}
