import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import * as seen from './recorded.ts';
import { clientFor, startWire, type Recorded, type Wire } from './wire.ts';

const token = createAccessToken(seen.canary);
let hub: Wire;
let elsewhere: Wire;

beforeAll(async () => {
  hub = await startWire(() => seen.yes);
  elsewhere = await startWire(() => ({ status: 200, body: 'from elsewhere' }));
});
beforeEach(() => {
  hub.sent.length = 0;
  elsewhere.sent.length = 0;
});
afterAll(async () => {
  await hub.close();
  await elsewhere.close();
});

const to = (location: string, status = 302): Recorded => ({ status, headers: { location } });
const get = (path: string) => ({ method: 'GET' as const, path, token });

describe('createHubClient', () => {
  it('introduces itself, asks for plain bytes and sends the token to the Hub', async () => {
    hub.script = () => seen.yes;
    await clientFor(hub.url).send(get('/api/x'));
    expect(hub.sent[0]?.headers).toMatchObject({
      authorization: `Bearer ${seen.canary}`,
      'user-agent': 'latchkey/0.0.0-test',
      'accept-encoding': 'identity',
      'x-amzn-trace-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('keeps the token on a relative redirect', async () => {
    hub.script = ({ path }) => (path === '/a/resolve/x' ? to('/api/resolve-cache/x', 307) : seen.yes);
    const answer = await clientFor(hub.url).send(get('/a/resolve/x'));
    expect(answer).toMatchObject({ kind: 'response', status: 200, text: 'OK', url: `${hub.url}/api/resolve-cache/x` });
    expect(hub.sent.map((one) => one.headers.authorization)).toEqual([
      `Bearer ${seen.canary}`,
      `Bearer ${seen.canary}`,
    ]);
  });

  it('drops the token on the way to another origin and does not take it up again', async () => {
    hub.script = () => to(`${elsewhere.url}/file`);
    const answer = await clientFor(hub.url).send(get('/a/resolve/x'));
    expect(answer).toMatchObject({ kind: 'response', text: 'from elsewhere' });
    expect(elsewhere.sent[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(elsewhere.sent)).not.toContain(seen.canary);
  });

  it('sends no token to an absolute address on another origin', async () => {
    await clientFor(hub.url).send(get(`${elsewhere.url}/file`));
    expect(elsewhere.sent[0]?.headers.authorization).toBeUndefined();
  });

  it('never follows an API call to another origin', async () => {
    hub.script = () => to(`${elsewhere.url}/login`);
    expect(await clientFor(hub.url).send(get('/api/models/a/b'))).toMatchObject({ reason: 'foreign-redirect' });
    expect(elsewhere.sent).toEqual([]);
  });

  it('hands a redirect to another origin back when asked to', async () => {
    hub.script = () => to(`${elsewhere.url}/file?Signature=abc`);
    const answer = await clientFor(hub.url).send({ ...get('/a/resolve/x'), redirects: 'read' });
    expect(answer).toMatchObject({
      kind: 'response',
      status: 302,
      headers: { location: `${elsewhere.url}/file?Signature=abc` },
    });
  });

  it.each([
    ['a loop', '/again', 'redirect-loop', 6],
    ['an unreadable address', 'http://[', 'foreign-redirect', 1],
    ['another scheme', 'file:///etc/passwd', 'foreign-redirect', 1],
    ['an unencrypted address outside this computer', 'http://hub.example/x', 'foreign-redirect', 1],
    ['an address with a name and password', 'https://a:b@hub.example/x', 'foreign-redirect', 1],
  ])('stops at %s', async (_, location, reason, requests) => {
    hub.script = () => to(location);
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ kind: 'failure', reason });
    expect(hub.sent.length).toBe(requests);
  });

  it('sends a token to no unencrypted Hub outside this computer', async () => {
    const answer = await clientFor('http://hub.example').send(get('/api/whoami-v2'));
    expect(answer).toMatchObject({ kind: 'failure', reason: 'insecure-endpoint' });
  });

  it.each([408, 500, 502, 503, 504])('repeats after %i, twice at most', async (status) => {
    hub.script = () => ({ status });
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ status });
    expect(hub.sent.length).toBe(3);
  });

  it.each([400, 401, 403, 404, 407, 416, 429, 501])('does not repeat after %i', async (status) => {
    hub.script = () => ({ status });
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ status });
    expect(hub.sent.length).toBe(1);
  });

  it('waits a short rate limit out and leaves a long one to the person', async () => {
    let calls = 0;
    const after = (seconds: string): Recorded => ({ status: 429, headers: { 'retry-after': seconds } });
    hub.script = () => (calls++ === 0 ? after('0') : seen.yes);
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ status: 200 });
    hub.script = () => after('60');
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ status: 429 });
    expect(hub.sent.length).toBe(3);
  });

  it('never repeats or redirects a POST', async () => {
    hub.script = () => ({ status: 503 });
    await clientFor(hub.url).send({ method: 'POST', path: '/oauth/token', body: 'a=b' });
    hub.script = () => to('/elsewhere', 307);
    expect(await clientFor(hub.url).send({ method: 'POST', path: '/oauth/token', body: 'a=b' })).toMatchObject({
      status: 307,
    });
    expect(hub.sent.length).toBe(2);
  });

  it('gives up when no byte comes for a while, but not when bytes trickle in', async () => {
    hub.script = () => ({ status: 0, fault: 'hang' });
    expect(await clientFor(hub.url, { stallMs: 1000 }).send(get('/x'))).toMatchObject({ reason: 'stalled' });
    hub.script = () => ({ status: 200, fault: 'trickle' });
    expect(await clientFor(hub.url, { stallMs: 1000 }).send(get('/x'))).toMatchObject({
      status: 200,
      text: 'x'.repeat(8),
    });
  });

  it('gives a body up that grows past its limit', async () => {
    hub.script = () => ({ status: 200, body: 'x'.repeat(100_000) });
    expect(await clientFor(hub.url).send({ ...get('/x'), maxBytes: 99_999 })).toMatchObject({ reason: 'too-large' });
    expect(await clientFor(hub.url).send({ ...get('/x'), maxBytes: 100_000 })).toMatchObject({ status: 200 });
  });

  it('reports a body that was cut off as a network failure', async () => {
    hub.script = () => ({ status: 200, fault: 'cut' });
    expect(await clientFor(hub.url).send(get('/x'))).toMatchObject({ reason: 'network', code: 'ECONNRESET' });
  });

  it('sends nothing while offline is switched on', async () => {
    const answer = await clientFor(hub.url, { isOffline: () => true }).send(get('/x'));
    expect(answer).toMatchObject({ reason: 'switched-off' });
    expect(hub.sent).toEqual([]);
  });

  it('sends no more than its budget, redirects and repeats included', async () => {
    hub.script = () => ({ status: 503 });
    await clientFor(hub.url).send(get('/x'), { budget: { left: 2 } });
    expect(hub.sent.length).toBe(2);
    hub.script = () => to('/again');
    expect(await clientFor(hub.url).send(get('/x'), { budget: { left: 3 } })).toMatchObject({ reason: 'budget' });
    expect(hub.sent.length).toBe(5);
  });

  it('keeps evidence: code, sentence, request id in order of worth, host; no query, no token', async () => {
    hub.script = () => ({
      status: 403,
      headers: {
        'x-error-code': 'GatedRepo',
        'x-error-message': `no entry for ${seen.canary} \u0085`,
        'x-amz-cf-id': 'third',
        'x-amzn-trace-id': 'second',
      },
    });
    const answer = await clientFor(hub.url, { now: () => 5 }).send(get('/api/x?secret=1'));
    expect(answer.evidence).toEqual({
      request: 'GET /api/x',
      status: 403,
      errorCode: 'GatedRepo',
      errorMessage: 'no entry for [redacted]',
      requestId: 'second',
      host: new URL(hub.url).host,
      at: 5,
    });
  });

  it.each([
    ['{"error":"a"}', 'application/json', 'a'],
    ['{"errors":[{"message":"a"},{"message":"b"}]}', 'application/json', 'a b'],
    ['{"error":"invalid","error_description":"why"}', 'application/json', 'invalid why'],
    ['plain words', 'text/plain', 'plain words'],
    ['<html>page</html>', 'text/html', undefined],
    ['', 'text/plain', undefined],
  ])('finds the sentence in %s', async (body, type, sentence) => {
    hub.script = () => ({ status: 400, headers: { 'content-type': type }, body });
    expect((await clientFor(hub.url).send(get('/x'))).evidence.errorMessage).toBe(sentence);
  });

  it('keeps the token out of log, failures and evidence whatever the server echoes', async () => {
    const forms = [
      seen.canary,
      Buffer.from(`user:${seen.canary}`).toString('base64'),
      encodeURIComponent(`=${seen.canary}`),
      seen.canary.replace('_', '%5F'),
    ];
    for (const form of forms) {
      hub.script = () => ({
        status: 400,
        headers: { 'x-error-message': form, 'x-request-id': form, 'x-error-code': form, 'x-hf-warning': form },
        body: form,
      });
      const client = clientFor(hub.url);
      const { evidence } = await client.send({ ...get(`/x/${form}`) });
      const text = JSON.stringify([evidence, client.log, token]);
      expect(text).not.toContain(seen.canary);
      expect(text).not.toContain(form);
    }
  });
});
