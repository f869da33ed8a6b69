import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyhole, openRoom, type Room } from './practiceRoom.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const form = (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): ReturnType<Room['ask']> =>
  room.ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });

const filled = {
  'First Name': 'Ada',
  'Last Name': 'Practice',
  'Date of birth': '1990-01-01',
  Country: 'Practicia',
  Affiliation: 'None',
  'Job title': 'Student',
  'By clicking Submit below I accept the terms of the practice licence': 'true',
};

const check = async (token: string): Promise<readonly [number, string | null]> => {
  const answer = await room.ask(`/api/models/${keyhole}/auth-check`, { token });
  return [answer.status, answer.headers.get('x-error-message')];
};
const readToken = (account = 'ada'): string => room.hub.control.createToken({ account, kind: 'read' });

describe('the licence form', () => {
  it('goes from asking over waiting to granted, on the pages and on the wire alike', async () => {
    const token = readToken();
    const before = await room.ask(`/${keyhole}`);
    expect(before.text).toContain('You need to agree to share your contact information to access this model');
    for (const name of Object.keys(filled)) expect(before.text).toContain(`name="${name}"`);
    expect(before.text).toContain('Latchkey Practice Community Licence');
    expect(before.text).toContain('<button>Submit</button>');

    const sent = await form(`/${keyhole}/ask-access`, filled);
    expect([sent.status, sent.headers.get('location')]).toEqual([303, `/${keyhole}`]);
    expect((await room.ask(`/${keyhole}`)).text).toContain('awaiting a');
    expect((await room.ask('/settings/gated-repos')).text).toContain('PENDING');
    expect((await check(token))[1]).toContain('awaiting a review');

    room.pass(20);
    expect((await room.ask(`/${keyhole}`)).text).toContain('You have been granted access to this model');
    expect((await room.ask('/settings/gated-repos')).text).toContain('ACCEPTED');
    expect((await check(token))[0]).toBe(200);
  });

  it('wants every field, and names the empty ones', async () => {
    const answer = await form(`/${keyhole}/ask-access`, { ...filled, Country: ' ', 'Job title': '' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('These fields are still empty: Country, Job title.');
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('none');
  });

  it('grants at once where the authors chose that', async () => {
    const repo = 'practice-labs/Keyhole-0.9-Instruct';
    await form(`/${repo}/ask-access`, filled);
    expect(room.hub.control.requestState(repo, 'ada')).toBe('granted');
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('none');
  });

  it('takes a second request after a rejection in silence and changes nothing', async () => {
    room.hub.control.setRequestState(keyhole, 'ada', 'rejected');
    expect((await form(`/${keyhole}/ask-access`, filled)).status).toBe(303);
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('rejected');
  });

  it('takes a new request after a reset', async () => {
    room.hub.control.setRequestState(keyhole, 'ada', 'reset');
    await form(`/${keyhole}/ask-access`, filled);
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('pending');
  });

  it('speaks for the account of a Bearer token, unlike every other page', async () => {
    await room.ask(`/${keyhole}/ask-access`, { method: 'POST', token: readToken('bob') });
    expect(room.hub.control.requestState(keyhole, 'bob')).toBe('pending');
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('none');
    expect((await room.ask('/settings/gated-repos', { token: readToken('bob') })).text).toContain(
      'Signed in as <b>ada</b>',
    );
  });

  it('answers RepoNotGated where there is nothing to ask for', async () => {
    const answer = await form('/open-practice/Doorstep-Instruct/ask-access', filled);
    expect([answer.status, answer.headers.get('x-error-code')]).toEqual([400, 'RepoNotGated']);
  });

  it('refuses a form that another site sent', async () => {
    expect((await form(`/${keyhole}/ask-access`, filled, { origin: 'https://evil.invalid' })).status).toBe(403);
    expect((await form(`/${keyhole}/ask-access`, filled, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('none');
    expect((await form(`/${keyhole}/ask-access`, filled, { origin: room.hub.endpoint })).status).toBe(303);
  });
});

describe('practice controls', () => {
  it.each([
    ['granted', 'You have been granted access'],
    ['rejected', 'has been rejected'],
    ['reset', 'have reset your request'],
    ['none', 'You need to agree'],
  ])('%s', async (state, words) => {
    await form(`/${keyhole}/ask-access`, filled);
    const waiting = (await room.ask(`/${keyhole}`)).text;
    expect(waiting).toContain('Practice controls');
    expect(waiting).toContain(`name="state" value="${state}"`);
    await form('/practice/requests', { repo: keyhole, account: 'ada', state });
    expect((await room.ask(`/${keyhole}`)).text).toContain(words);
  });

  it('change the account by a cookie', async () => {
    const answer = await form('/practice/account', { account: 'bob' });
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await room.ask('/', { headers: { cookie } })).text).toContain('Signed in as <b>bob</b>');
    await form(`/${keyhole}/ask-access`, filled, { cookie });
    expect(room.hub.control.requestState(keyhole, 'bob')).toBe('pending');
    expect((await room.ask('/', { headers: { cookie: 'practice_account=mallory' } })).text).toContain(
      'Signed in as <b>ada</b>',
    );
  });

  it('an author sees no form, a stranger sees no private page', async () => {
    const cookie = 'practice_account=carol';
    expect((await room.ask(`/${keyhole}`, { headers: { cookie } })).text).toContain('one of its authors');
    expect((await room.ask('/practice-labs/Vault-Instruct', { headers: { cookie } })).status).toBe(200);
    expect((await room.ask('/practice-labs/Vault-Instruct')).status).toBe(404);
  });

  it('a waiting request can be cancelled', async () => {
    await form(`/${keyhole}/ask-access`, filled);
    expect((await room.ask('/settings/gated-repos')).text).toContain('Cancel request');
    await form('/settings/gated-repos/cancel', { repo: keyhole });
    expect(room.hub.control.requestState(keyhole, 'ada')).toBe('none');
  });
});

describe('access tokens', () => {
  const make = async (fields: Record<string, string>): Promise<string> =>
    /hf_[A-Za-z0-9]{34}/.exec((await form('/settings/tokens', { name: 'laptop', ...fields })).text)?.[0] ?? '';

  it('the link for a fine-grained token ticks the box', async () => {
    const ticked = (await room.ask('/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained')).text;
    expect(ticked).toMatch(/name="canReadGatedRepos" value="true" checked/);
    expect(ticked).toMatch(/value="fineGrained" checked/);
    const plain = (await room.ask('/settings/tokens/new?tokenType=read')).text;
    expect(plain).not.toMatch(/name="canReadGatedRepos" value="true" checked/);
    expect(plain).toMatch(/value="read" checked/);
  });

  it.each([
    [{ tokenType: 'read' }, 200],
    [{ tokenType: 'write' }, 200],
    [{ tokenType: 'fineGrained', canReadGatedRepos: 'true' }, 200],
    [{ tokenType: 'fineGrained' }, 403],
  ])('%o opens the gate with %i', async (fields, status) => {
    room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    expect((await check(await make(fields)))[0]).toBe(status);
  });

  it('are shown once, listed without their text, and deleted', async () => {
    const token = await make({ tokenType: 'read' });
    const list = (await room.ask('/settings/tokens')).text;
    expect(list).toContain(token.slice(-4));
    expect(list).not.toContain(token);
    await form('/settings/tokens/revoke', { ending: token.slice(-8) });
    expect((await room.ask('/api/whoami-v2', { token })).status).toBe(401);
  });
});

describe('every page', () => {
  const pages = [
    '/',
    '/models',
    '/settings/tokens',
    '/settings/tokens/new',
    '/settings/gated-repos',
    '/device',
    '/login',
    `/${keyhole}`,
    '/no/such-page',
  ];

  it.each(pages)('%s says that it is practice, runs no script and loads nothing', async (path) => {
    const answer = await room.ask(path);
    expect(answer.text).toContain('This is a practice Hub on this computer.');
    expect(answer.text).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|\sstyle=/);
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self';/,
    );
    const style = /<style>([^]*)<\/style>/.exec(answer.text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(answer.headers.get('content-security-policy')).toContain(`'sha256-${hash}'`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).toContain('<html lang="en">');
    expect(answer.text.match(/<h1>/g)).toHaveLength(1);
    // Every field has a label: by its id, or around it.
    for (const [field] of answer.text.matchAll(/<(?:input|select)[^>]*>/g)) {
      const id = /\sid="([^"]+)"/.exec(field)?.[1];
      const labelled =
        id !== undefined ? answer.text.includes(`for="${id}"`) : answer.text.includes(`<label class="box">${field}`);
      expect(labelled || field.includes('type="hidden"'), field).toBe(true);
    }
  });

  it('escapes what people type', async () => {
    const evil = '"><script>alert(1)</script>';
    const answers = await Promise.all([
      room.ask(`/device?user_code=${encodeURIComponent(evil)}`),
      form('/settings/tokens', { name: evil, tokenType: 'read' }).then(() => room.ask('/settings/tokens')),
      form('/device', { user_code: evil, answer: 'yes' }),
    ]);
    for (const answer of answers) expect(answer.text).not.toContain('<script>');
  });

  it('follows a renamed model', async () => {
    const answer = await room.ask('/practice-labs/Keyhole-One-Instruct');
    expect([answer.status, answer.headers.get('location')]).toEqual([307, `/${keyhole}`]);
  });
});
