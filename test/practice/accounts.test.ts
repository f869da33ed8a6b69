import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenOrder } from '../../electron/practice/hub/practiceHub.ts';
import { doorstep, type Fields, keyhole, openRoom, type Room, type Who } from './practiceRoom.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const order = (rest: Partial<TokenOrder>): string =>
  room.hub.control.createToken({ account: 'ada', kind: 'read', ...rest });

describe('whoami', () => {
  it('gives the keys of a person in the Hub’s order, for a write token as recorded', async () => {
    const body = (await room.ask('/api/whoami-v2', { token: order({ kind: 'write', name: 'laptop' }) })).json<Who>();
    expect(Object.keys(body)).toEqual([
      'type', 'id', 'name', 'fullname', 'email', 'emailVerified', 'canPay', 'billingMode', 'periodEnd', 'isPro', 'avatarUrl', 'orgs', 'auth',
    ]); // prettier-ignore
    expect(body.id).toMatch(/^[0-9a-f]{24}$/);
    expect(body).toMatchObject({
      type: 'user',
      name: 'ada',
      auth: { type: 'access_token', accessToken: { displayName: 'laptop', role: 'write' } },
    });
    expect(Object.keys(body.auth.accessToken)).toEqual(['displayName', 'role', 'createdAt']);
  });

  it('names the rights of a fine-grained token', async () => {
    const scopes = [{ entity: { type: 'model' as const, name: keyhole }, permissions: ['repo.content.read'] }];
    const { auth } = (
      await room.ask('/api/whoami-v2', { token: order({ kind: 'fineGrained', gated: true, scopes }) })
    ).json<Who>();
    expect(auth.accessToken.role).toBe('fineGrained');
    expect(auth.accessToken.fineGrained).toMatchObject({
      canReadGatedRepos: true,
      global: [],
      scoped: [{ entity: { type: 'model', name: keyhole }, permissions: ['repo.content.read'] }],
    });
    const bare = (await room.ask('/api/whoami-v2', { token: order({ kind: 'fineGrained' }) })).json<Who>();
    expect(bare.auth.accessToken.fineGrained.canReadGatedRepos).toBe(false);
  });

  it('has no accessToken object for the sign-in of an app, and lists organisations', async () => {
    const body = (await room.ask('/api/whoami-v2', { token: order({ kind: 'oauth', account: 'bob' }) })).json<Who>();
    expect(body.auth).not.toHaveProperty('accessToken');
    expect(body.isPro).toBe(true);
    expect(body.orgs[0]).toMatchObject({ type: 'org', name: 'open-practice', roleInOrg: 'read' });
  });

  it('says the very same to nobody, to nonsense, to an expired and to a revoked token', async () => {
    const revoked = order({});
    room.hub.control.revokeToken(revoked);
    const answers = await Promise.all(
      [undefined, 'hf_nonsense', order({ expired: true }), revoked].map((token) =>
        room.ask('/api/whoami-v2', token === undefined ? {} : { token }),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.text).toBe('{"error":"Invalid username or password."}');
      expect(answer.headers.get('x-error-code')).toBeNull();
      expect(answer.headers.get('x-error-message')).toBe('Invalid username or password.');
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it('has a small limit of its own that only Retry-After announces', async () => {
    const token = order({});
    room.hub.control.rateLimit({ bucket: 'whoami', remaining: 1, resetSeconds: 30 });
    expect((await room.ask('/api/whoami-v2', { token })).status).toBe(200);
    const limited = await room.ask('/api/whoami-v2', { token });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '30']);
    expect(limited.headers.get('ratelimit')).not.toContain('r=0');
    expect((await room.ask(`/api/models/${keyhole}`, { token })).status).toBe(200);
    room.pass(30);
    expect((await room.ask('/api/whoami-v2', { token })).status).toBe(200);
  });

  it('makes tokens of the usual shape, the same ones for the same seed', async () => {
    const mine = order({});
    expect(mine).toMatch(/^hf_[A-Za-z0-9]{34}$/);
    const twin = await openRoom();
    expect(twin.hub.control.createToken({ account: 'ada', kind: 'read' })).toBe(mine);
    await twin.close();
  });

  it('forgets reported tokens and always answers 202', async () => {
    const token = order({});
    const report = (body: unknown): Promise<{ status: number }> =>
      room.ask('/api/credentials/revoke', { method: 'POST', body: JSON.stringify(body) });
    expect((await report({ credentials: ['hf_unknown'] })).status).toBe(202);
    expect((await report({ credentials: [token] })).status).toBe(202);
    expect((await room.ask('/api/whoami-v2', { token })).status).toBe(401);
  });
});

describe('rate limits', () => {
  it.each([
    ['nobody', undefined, 500, 3000, 100],
    ['a free account', 'ada', 1000, 5000, 200],
    ['a paying account', 'bob', 2500, 12_000, 400],
  ])('of %s are announced on every answer', async (_who, account, api, resolvers, pages) => {
    const token = account === undefined ? undefined : order({ account });
    const look = async (path: string): Promise<readonly (string | null)[]> => {
      const answer = await room.ask(path, token === undefined ? {} : { token });
      return [answer.headers.get('ratelimit'), answer.headers.get('ratelimit-policy')];
    };
    expect(await look(`/api/models/${keyhole}`)).toEqual([
      `"api";r=${api - 1};t=300`,
      `"fixed window";"api";q=${api};w=300`,
    ]);
    expect(await look(`/${doorstep}/resolve/main/config.json`)).toEqual([
      `"resolvers";r=${resolvers - 1};t=300`,
      `"fixed window";"resolvers";q=${resolvers};w=300`,
    ]);
    // A browser without a token is that of the person who is signed in.
    const person = account === undefined ? 200 : pages;
    expect((await look('/'))[0]).toBe(`"pages";r=${person - 1};t=300`);
  });

  it('refuse with 429 when nothing is left, and open again with the next window', async () => {
    room.hub.control.rateLimit({ bucket: 'api', remaining: 1, resetSeconds: 12 });
    expect((await room.ask(`/api/models/${keyhole}`)).status).toBe(200);
    const limited = await room.ask(`/api/models/${keyhole}`);
    expect(limited.status).toBe(429);
    expect(limited.headers.get('ratelimit')).toBe('"api";r=0;t=12');
    expect(limited.json()['error']).toMatch(/^We had to rate limit your IP \(127\.0\.0\.1\)\./);
    expect((await room.ask(`/${doorstep}/resolve/main/config.json`)).status).toBe(307);
    room.pass(12);
    expect((await room.ask(`/api/models/${keyhole}`)).status).toBe(200);
  });

  it('count for real: request 501 of nobody is refused', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 501; index++)
      statuses.push((await room.ask(`/api/models/${keyhole}/auth-check`)).status);
    expect(new Set(statuses.slice(0, 500))).toEqual(new Set([401]));
    expect(statuses[500]).toBe(429);
  });
});

interface Device {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri_complete: string;
}

describe('sign-in with a code', () => {
  const post = (path: string, form: Record<string, string>): ReturnType<Room['ask']> =>
    room.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  const grant = 'urn:ietf:params:oauth:grant-type:device_code';
  const begin = async (): Promise<Device> =>
    (await post('/oauth/device', { client_id: 'latchkey', scope: 'openid profile gated-repos' })).json<Device>();
  const poll = async (device: { device_code: string }, client = 'latchkey'): Promise<Fields> =>
    (await post('/oauth/token', { grant_type: grant, device_code: device.device_code, client_id: client })).json();

  it('waits, then gives a token that opens granted repositories and nothing private', async () => {
    const found = (await room.ask('/.well-known/openid-configuration')).json();
    expect(found['device_authorization_endpoint']).toBe(`${room.hub.endpoint}/oauth/device`);
    const device = await begin();
    expect(device).toMatchObject({ expires_in: 900, interval: 5 });
    expect((await poll(device))['error']).toBe('authorization_pending');
    expect((await poll(device))['error']).toBe('slow_down');
    const page = await room.ask(device.verification_uri_complete);
    expect(page.text).toContain(device.user_code);
    expect(page.text).toContain('gated-repos');
    await post('/device', { user_code: device.user_code, answer: 'yes' });
    room.pass(10);
    const given = await poll(device);
    expect(given).toMatchObject({ token_type: 'bearer', expires_in: 28_800 });
    expect(given['access_token']).toMatch(/^hf_oauth_/);
    room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    expect((await room.ask(`/api/models/${keyhole}/auth-check`, { token: given['access_token']! })).status).toBe(200);
    expect((await room.ask('/oauth/userinfo', { token: given['access_token']! })).json()['preferred_username']).toBe(
      'ada',
    );
    expect((await poll(device))['error']).toBe('invalid_grant');
    room.pass(28_800);
    expect((await room.ask('/api/whoami-v2', { token: given['access_token']! })).status).toBe(401);

    const refresh = { grant_type: 'refresh_token', refresh_token: given['refresh_token']!, client_id: 'latchkey' };
    const renewed = (await post('/oauth/token', refresh)).json();
    expect((await room.ask('/api/whoami-v2', { token: renewed['access_token']! })).status).toBe(200);
    expect((await post('/oauth/token', refresh)).json()['error']).toBe('invalid_grant');
  });

  it('tells when the person declines, when time runs out and when another client asks', async () => {
    const declined = await begin();
    await post('/device', { user_code: declined.user_code, answer: 'no' });
    expect((await poll(declined))['error']).toBe('access_denied');
    const foreign = await begin();
    expect((await poll(foreign, 'somebody-else'))['error']).toBe('invalid_grant');
    const late = await begin();
    room.pass(900);
    expect((await poll(late))['error']).toBe('expired_token');
    const answer = await post('/oauth/token', { grant_type: 'password', client_id: 'latchkey' });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'unsupported_grant_type']);
  });
});
