import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { finishDeviceSignIn, startDeviceSignIn, type DeviceCode } from '../../../electron/services/hub/deviceSignIn.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { clientFor, startWire, type Recorded, type Wire } from './wire.ts';

const clientId = '11111111-2222-3333-4444-555555555555';
let hub: Wire;
beforeAll(async () => {
  hub = await startWire(() => ({ status: 404 }));
});
beforeEach(() => {
  hub.sent.length = 0;
});
afterAll(() => hub.close());

const json = (status: number, body: unknown): Recorded => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const order = (changes: Record<string, unknown> = {}): Recorded =>
  json(200, {
    device_code: 'device-secret-1',
    user_code: 'ABCD-1234',
    verification_uri: `${hub.url}/device`,
    expires_in: 900,
    interval: 5,
    ...changes,
  });
const code = (seconds = 60): DeviceCode => ({
  userCode: 'ABCD-1234',
  page: `${hub.url}/device`,
  expiresAt: Date.now() + seconds * 1000,
  intervalSeconds: 0.01,
  deviceCode: createAccessToken('device-secret-1'),
});

describe('startDeviceSignIn', () => {
  it('asks for a code with the smallest useful scope', async () => {
    hub.script = () => order();
    const result = await startDeviceSignIn(clientFor(hub.url, { now: () => 0 }), { clientId });
    expect(result).toMatchObject({
      ok: true,
      value: { userCode: 'ABCD-1234', page: `${hub.url}/device`, expiresAt: 900_000, intervalSeconds: 5 },
    });
    expect(JSON.stringify(result)).not.toContain('device-secret-1');
    expect(hub.sent[0]).toMatchObject({ method: 'POST', path: '/oauth/device' });
    expect(Object.fromEntries(new URLSearchParams(hub.sent[0]?.body))).toEqual({
      client_id: clientId,
      scope: 'openid profile gated-repos',
    });
  });

  it.each([
    ['a page on another origin', { verification_uri: 'https://evil.example/device' }],
    ['no page', { verification_uri: undefined }],
    ['no code', { user_code: '' }],
  ])('refuses %s', async (_, changes) => {
    hub.script = () => order(changes);
    expect(await startDeviceSignIn(clientFor(hub.url), { clientId })).toMatchObject({
      problem: { code: 'not-the-hub' },
    });
  });
});

describe('finishDeviceSignIn', () => {
  it('waits through pending and server trouble until the token comes', async () => {
    const answers = [
      json(400, { error: 'authorization_pending' }),
      json(503, {}),
      json(400, { error: 'authorization_pending' }),
      json(200, {
        access_token: 'hf_oauth_secret-2',
        refresh_token: 'r-secret-3',
        expires_in: 100,
        token_type: 'bearer',
      }),
    ];
    hub.script = () => answers.shift() ?? json(500, {});
    const client = clientFor(hub.url);
    const result = await finishDeviceSignIn(client, { clientId, code: code() });
    expect(result.ok && result.value.token.reveal()).toBe('hf_oauth_secret-2');
    expect(result.ok && result.value.refreshToken?.reveal()).toBe('r-secret-3');
    expect(Object.fromEntries(new URLSearchParams(hub.sent[0]?.body))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device-secret-1',
      client_id: clientId,
    });
    expect(JSON.stringify([result, client.log])).not.toMatch(/secret-\d/);
  });

  it.each([
    ['access_denied', 'declined'],
    ['expired_token', 'expired'],
    ['invalid_grant', 'expired'],
  ])('ends on %s', async (error, word) => {
    hub.script = () => json(400, { error });
    const result = await finishDeviceSignIn(clientFor(hub.url), { clientId, code: code() });
    expect(result).toMatchObject({ ok: false, problem: { code: 'no-token' } });
    expect(!result.ok && result.problem.title).toContain(word);
  });

  it('slows down when asked to', async () => {
    hub.script = () => json(400, { error: 'slow_down' });
    const result = await finishDeviceSignIn(clientFor(hub.url), { clientId, code: code(2) });
    expect(hub.sent.length).toBe(1); // five more seconds do not fit before the code expires
    expect(result).toMatchObject({ problem: { title: 'The sign-in code has expired' } });
  });

  it('shows an error it does not know in the words of the Hub', async () => {
    hub.script = () => json(400, { error: 'unauthorized_client', error_description: 'This app may not do that' });
    const result = await finishDeviceSignIn(clientFor(hub.url), { clientId, code: code() });
    expect(!result.ok && result.problem.explanation).toContain('This app may not do that');
  });

  it('stops when the person does', async () => {
    hub.script = () => json(400, { error: 'authorization_pending' });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 40);
    expect(
      await finishDeviceSignIn(clientFor(hub.url), { clientId, code: code() }, { signal: stop.signal }),
    ).toMatchObject({ problem: { code: 'cancelled' } });
  });
});
