import http from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { consentFor, isMirror, type TokenConsent } from '../../../electron/services/hub/mirror.ts';
import { pageUrl } from '../../../electron/services/hub/pages.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { whoAmI } from '../../../electron/services/hub/whoami.ts';
import { listen } from '../../adapters/loopbackServer.ts';
import { startProxy } from '../../adapters/proxyServer.ts';
import { clientFor } from './wire.ts';

test.each([
  ['https://huggingface.co', false],
  ['https://huggingface.co:443/', false],
  ['https://hub-ci.huggingface.co', false],
  ['https://hf.co', false],
  ['http://127.0.0.1:4000', false],
  ['http://localhost:4000', false],
  ['https://hf-mirror.com', true],
  ['https://hf-mirror.com/huggingface.co', true],
  ['https://huggingface.co.evil.example', true],
  ['https://evil-huggingface.co', true],
  ['https://user@hf-mirror.com', true],
  ['http://huggingface.co', true], // not encrypted: somebody in between may be anybody
  ['http://192.168.1.20:8080', true],
])('%s is a mirror: %s', (endpoint, mirror) => {
  expect(isMirror(endpoint)).toBe(mirror);
});

test.each<[string, Record<string, boolean>, TokenConsent]>([
  ['https://huggingface.co', {}, 'yes'],
  ['https://huggingface.co', { 'https://huggingface.co': false }, 'yes'],
  ['https://hf-mirror.com', {}, 'unasked'],
  ['https://hf-mirror.com/path', { 'https://hf-mirror.com': true }, 'yes'],
  ['https://hf-mirror.com', { 'https://hf-mirror.com': false }, 'no'],
  ['https://hf-mirror.com:8443', { 'https://hf-mirror.com': true }, 'unasked'], // consent is for one origin
  ['http://hf-mirror.com', { 'https://hf-mirror.com': true }, 'unasked'],
  ['https://toString', {}, 'unasked'],
])('%s with the decisions %j may have the token: %s', (endpoint, decisions, consent) => {
  expect(consentFor(endpoint, decisions)).toBe(consent);
});

test('pages about accounts and licences are those of Hugging Face, whatever mirror the files come from', () => {
  expect(pageUrl('https://hf-mirror.com', 'licence', 'meta-llama/Llama-3.2-1B').href).toBe(
    'https://huggingface.co/meta-llama/Llama-3.2-1B',
  );
  expect(pageUrl('https://hf-mirror.com/', 'new-token').host).toBe('huggingface.co');
});

describe('a mirror', () => {
  const token = createAccessToken('hf_canaryCanaryCanaryCanaryCanaryCana');
  let asked: { readonly url: string; readonly authorization: string | undefined }[] = [];
  afterEach(() => (asked = []));

  /** A server on loopback that stands for the mirror, and writes down who came with a token. */
  async function serve(answer: http.RequestListener): Promise<number> {
    return listen(
      http.createServer((request, response) => {
        asked.push({ url: request.url ?? '', authorization: request.headers.authorization });
        answer(request, response);
      }),
    );
  }
  const gated: http.RequestListener = (_request, response) =>
    void response.writeHead(401, { 'x-error-code': 'GatedRepo', 'x-request-id': 'r' }).end();

  test('is asked nothing with a token that travels in the clear, allowed or not', async () => {
    const port = await serve(gated);
    const proxy = await startProxy({ to: () => port });
    const env = { HTTP_PROXY: `http://127.0.0.1:${String(proxy.port)}` };
    const hub = clientFor('http://hub.example', { http: createNodeHttp({ env }) });
    expect(await whoAmI(hub, token)).toMatchObject({ ok: false, problem: { code: 'not-the-hub' } });
    expect(asked).toEqual([]);
  });

  test.each(['unasked', 'no'] as const)(
    'gets no token while the answer is "%s", and open questions pass',
    async (said) => {
      const hub = clientFor(`http://127.0.0.1:${String(await serve(gated))}`, { tokenConsent: () => said });
      const answer = await checkAccess(hub, { repo: 'org/model', token });
      expect(answer.problem).toMatchObject({ code: 'mirror-asks', actions: [{ request: 'mirror.decide' }, {}] });
      expect(await whoAmI(hub, token)).toMatchObject({ ok: false, problem: { code: 'mirror-asks' } });
      expect(asked).toEqual([]);
      const plain = await checkAccess(hub, { repo: 'org/model' });
      expect(plain.problem?.code).toBe('no-token');
      expect(asked.map(({ authorization }) => authorization)).toEqual([undefined]);
    },
  );

  test('gets the token from the moment it is allowed to', async () => {
    let consent: TokenConsent = 'unasked';
    const port = await serve((_request, response) =>
      response.setHeader('content-type', 'application/json').end('{"name":"ada"}'),
    );
    const hub = clientFor(`http://127.0.0.1:${String(port)}`, { tokenConsent: () => consent });
    expect((await whoAmI(hub, token)).ok).toBe(false);
    consent = 'yes';
    expect((await whoAmI(hub, token)).ok).toBe(true);
    expect(asked).toEqual([{ url: '/api/whoami-v2', authorization: `Bearer ${token.reveal()}` }]);
  });
});
