import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failed, ok } from '../../../electron/contract/result.ts';
import { describe as problemOf } from '../../../electron/services/hub/words.ts';
import { createBrowserSignIn } from '../../../electron/services/signIn/browserSignIn.ts';
import { packToken, unpackToken } from '../../../electron/services/signIn/heldToken.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { clientFor, startWire, type Recorded, type Wire } from '../hub/wire.ts';

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

/** A Hub whose person confirms the code when `confirmed` says so. */
function play(confirmed: () => boolean): void {
  let codes = 0;
  hub.script = ({ path }) => {
    if (path === '/oauth/device') {
      codes += 1;
      return json(200, {
        device_code: `device-secret-${codes}`,
        user_code: `ABCD-000${codes}`,
        verification_uri: `${hub.url}/device`,
        verification_uri_complete: `${hub.url}/device?user_code=ABCD-000${codes}`,
        expires_in: 900,
        interval: 0.01,
      });
    }
    return confirmed()
      ? json(200, { access_token: 'hf_oauth_secret-2', refresh_token: 'r-secret-3', expires_in: 100 })
      : json(400, { error: 'authorization_pending' });
  };
}

function open(options: { readonly clientId?: string; readonly refuse?: boolean } = { clientId }) {
  const adopted: string[] = [];
  const states: (string | undefined)[] = [];
  const signIn = createBrowserSignIn({
    hub: clientFor(hub.url),
    clientId: options.clientId,
    async adopt(held) {
      if (options.refuse) return failed(problemOf('rate-limited', {}, []));
      adopted.push(packToken(held));
      return ok(undefined);
    },
    onChange: () => states.push(signIn.state()?.kind),
  });
  return { signIn, adopted, states };
}

describe('signing in through the browser', () => {
  test('shows a code, opens its page, and hands the token over when the person has confirmed', async () => {
    let confirmed = false;
    play(() => confirmed);
    const { signIn, adopted, states } = open();
    expect(await signIn.start()).toEqual({ ok: true });
    expect(signIn.state()).toMatchObject({ kind: 'waiting', userCode: 'ABCD-0001' });
    expect(signIn.page()).toBe(`${hub.url}/device?user_code=ABCD-0001`);
    expect(JSON.stringify(signIn.state())).not.toContain('secret');
    confirmed = true;
    await expect.poll(() => adopted.length).toBe(1);
    await expect.poll(() => signIn.state()).toBeUndefined();
    expect(unpackToken(adopted[0] ?? '').refreshToken?.reveal()).toBe('r-secret-3');
    expect(signIn.page()).toBeUndefined();
    expect(states).toEqual(['waiting', undefined]);
  });

  test('begun anew, it forgets the first code', async () => {
    let confirmed = false;
    play(() => confirmed);
    const { signIn, adopted } = open();
    await signIn.start();
    await signIn.start();
    expect(signIn.state()).toMatchObject({ userCode: 'ABCD-0002' });
    confirmed = true;
    await expect.poll(() => signIn.state()).toBeUndefined();
    expect(adopted).toHaveLength(1);
    expect(hub.sent.filter(({ body }) => body.includes('device-secret-2')).length).toBeGreaterThan(0);
  });

  test('stopped, nothing is asked or stored any more', async () => {
    play(() => false);
    const { signIn, adopted } = open();
    await signIn.start();
    signIn.stop();
    const asked = hub.sent.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(hub.sent.length).toBeLessThanOrEqual(asked + 1); // one may have been on its way
    expect([signIn.state(), adopted]).toEqual([undefined, []]);
  });

  test('a Hub that makes no code, and a token that nobody proves, are said', async () => {
    hub.script = () => json(400, { error: 'invalid_client', error_description: 'Unknown app' });
    const first = open();
    await first.signIn.start();
    expect(first.signIn.state()).toMatchObject({
      kind: 'failed',
      problem: { explanation: expect.stringContaining('Unknown app') as string },
    });
    play(() => true);
    const second = open({ clientId, refuse: true });
    await second.signIn.start();
    await expect.poll(() => second.signIn.state()).toMatchObject({ kind: 'failed', problem: { code: 'rate-limited' } });
  });

  test('is not there without an id', async () => {
    const { signIn } = open({});
    expect(signIn.available).toBe(false);
    expect(await signIn.start()).toMatchObject({ ok: false });
    expect(hub.sent).toEqual([]);
  });
});

test('the keychain holds a token as it is, and a browser sign-in as a pair', () => {
  const plain = { token: createAccessToken('hf_plain') };
  const pair = { token: createAccessToken('hf_oauth_x'), refreshToken: createAccessToken('refresh_x'), expiresAt: 5 };
  expect(packToken(plain)).toBe('hf_plain');
  for (const held of [plain, pair]) expect(packToken(unpackToken(packToken(held)))).toBe(packToken(held));
  expect(unpackToken('{"no":1}').token.reveal()).toBe('{"no":1}');
  expect(unpackToken('{"token"').token.reveal()).toBe('{"token"');
});
