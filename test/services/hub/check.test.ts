import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../../electron/contract/problem.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import * as seen from './recorded.ts';
import { clientFor, startWire, type Recorded, type Sent, type Wire } from './wire.ts';

const { canary, repo } = seen;
const token = createAccessToken(canary);
let wire: Wire;

beforeAll(async () => {
  wire = await startWire(() => seen.trouble);
});
beforeEach(() => {
  wire.sent.length = 0;
});
afterAll(() => wire.close());

/** What the Hub says on each of the three routes; `anon` when no token came along. */
interface Hub {
  readonly info?: Recorded;
  readonly infoAnon?: Recorded;
  readonly check?: Recorded;
  readonly checkAnon?: Recorded;
  readonly whoami?: Recorded;
}

function play(hub: Hub): void {
  wire.script = ({ path, headers }: Sent) => {
    const anon = headers.authorization === undefined;
    if (path === '/api/whoami-v2') return hub.whoami ?? seen.whoami();
    if (path.endsWith('/auth-check')) return (anon ? hub.checkAnon : undefined) ?? hub.check ?? seen.yes;
    return (anon ? hub.infoAnon : undefined) ?? hub.info ?? seen.info();
  };
}

interface Row {
  readonly name: string;
  readonly hub: Hub;
  readonly signedIn?: boolean;
  readonly account?: string;
  readonly code?: string;
  readonly state?: string;
  readonly first?: Partial<Record<'kind' | 'request' | 'page' | 'view', string>>;
  readonly requests: number;
  readonly title?: string;
}

const gone: Recorded = { status: 307, headers: { location: '/api/models/meta-llama/New-Name' } };
const boxless = seen.whoami({ role: 'fineGrained', fineGrained: { canReadGatedRepos: false, global: [], scoped: [] } });
const boxed = seen.whoami({ role: 'fineGrained', fineGrained: { canReadGatedRepos: true, global: [], scoped: [] } });
const strange = seen.refusal(403, undefined, 'The moon is in the wrong quarter.');
const open = seen.info({ gated: false });

const rows: readonly Row[] = [
  { name: 'granted', hub: {}, account: 'ada', state: 'granted', requests: 2 },
  { name: 'open model without a token', hub: { info: open }, signedIn: false, state: 'not-gated', requests: 2 },
  {
    name: 'gated, no token',
    hub: { check: seen.gatedAnonymous },
    signedIn: false,
    code: 'no-token',
    state: 'unknown',
    first: { view: 'token-field' },
    requests: 2,
  },
  {
    name: 'gated, no token, older wording',
    hub: { check: seen.gatedAnonymousOld },
    signedIn: false,
    code: 'no-token',
    state: 'unknown',
    first: { view: 'token-field' },
    requests: 2,
  },
  {
    name: 'gated, dead token that looks anonymous',
    hub: { check: seen.gatedAnonymous, whoami: seen.anonymous },
    code: 'token-not-accepted',
    state: 'unknown',
    first: { page: 'new-token' },
    requests: 3,
  },
  {
    name: 'gated, dead token with its own sentence',
    hub: { check: seen.badCredentials, whoami: seen.anonymous },
    code: 'token-not-accepted',
    state: 'unknown',
    first: { page: 'new-token' },
    requests: 3,
  },
  {
    name: 'gated 401 although the token is alive',
    hub: { check: seen.gatedAnonymous },
    code: 'access-unknown',
    state: 'unknown',
    first: { kind: 'copy-report' },
    requests: 3,
  },
  {
    name: 'open model, dead token',
    hub: { info: seen.badCredentials, infoAnon: open, checkAnon: seen.yes, whoami: seen.anonymous },
    code: 'token-not-accepted',
    state: 'not-gated',
    first: { page: 'new-token' },
    requests: 4,
  },
  {
    name: 'gated model, dead token refused at once',
    hub: { info: seen.anonymous, infoAnon: seen.info(), checkAnon: seen.gatedAnonymous, whoami: seen.anonymous },
    code: 'token-not-accepted',
    state: 'unknown',
    first: { page: 'new-token' },
    requests: 4,
  },
  {
    name: 'dead token in a barred region',
    hub: { info: seen.anonymous, infoAnon: open, checkAnon: seen.region, whoami: seen.anonymous },
    code: 'region-blocked',
    first: { view: 'journey' },
    requests: 4,
  },
  {
    name: 'missing model, dead token',
    hub: { info: seen.anonymous, whoami: seen.anonymous },
    code: 'token-not-accepted',
    first: { page: 'new-token' },
    requests: 3,
  },
  {
    name: 'never asked, account known',
    hub: { check: seen.neverAsked },
    account: 'ada',
    code: 'access-never-asked',
    state: 'never-asked',
    first: { page: 'licence' },
    requests: 2,
    title: 'ada has not accepted this licence yet',
  },
  {
    name: 'never asked, account not known yet',
    hub: { check: seen.neverAsked },
    code: 'access-never-asked',
    state: 'never-asked',
    first: { page: 'licence' },
    requests: 3,
    title: 'ada has not accepted this licence yet',
  },
  {
    name: 'never asked, whoami limited',
    hub: { check: seen.neverAsked, whoami: seen.limited },
    code: 'access-never-asked',
    state: 'never-asked',
    first: { page: 'licence' },
    requests: 3,
    title: 'You have not accepted this licence yet',
  },
  {
    name: 'pending',
    hub: { check: seen.pending },
    account: 'ada',
    code: 'access-pending',
    state: 'pending',
    first: { request: 'setup.check' },
    requests: 2,
  },
  {
    name: 'rejected',
    hub: { check: seen.rejected },
    account: 'ada',
    code: 'access-rejected',
    state: 'rejected',
    first: { view: 'journey' },
    requests: 2,
  },
  {
    name: 'reset',
    hub: { check: seen.reset },
    account: 'ada',
    code: 'access-reset',
    state: 'reset',
    first: { page: 'licence' },
    requests: 2,
  },
  {
    name: 'fine-grained token without the box',
    hub: { check: seen.noBox, whoami: boxless },
    code: 'token-lacks-gated',
    state: 'unknown',
    first: { page: 'new-token' },
    requests: 3,
  },
  {
    name: 'box missing in words we do not know',
    hub: { check: strange, checkAnon: seen.gatedAnonymous, whoami: boxless },
    code: 'token-lacks-gated',
    state: 'unknown',
    first: { page: 'new-token' },
    requests: 4,
  },
  {
    name: 'token refused in words we do not know',
    hub: { check: strange, checkAnon: seen.gatedAnonymous, whoami: boxed },
    code: 'access-unknown',
    state: 'unknown',
    first: { kind: 'copy-report' },
    requests: 4,
  },
  {
    name: 'everybody refused in words we do not know',
    hub: { check: strange, whoami: boxless },
    code: 'access-unknown',
    state: 'unknown',
    first: { kind: 'copy-report' },
    requests: 4,
  },
  {
    name: 'organisation revoked the token',
    hub: { check: seen.orgRevoked },
    code: 'organisation-policy',
    state: 'unknown',
    first: { view: 'token-field' },
    requests: 2,
  },
  {
    name: 'organisation member without the right',
    hub: { check: seen.orgMember, checkAnon: seen.anonymous },
    code: 'access-unknown',
    state: 'unknown',
    first: { kind: 'copy-report' },
    requests: 4,
  },
  {
    name: 'missing model, no token',
    hub: { info: seen.anonymous },
    signedIn: false,
    code: 'repo-unknown-without-token',
    first: { view: 'token-field' },
    requests: 1,
  },
  {
    name: 'missing or private model, live token',
    hub: { info: seen.repoMissing },
    code: 'repo-not-found',
    first: { view: 'journey' },
    requests: 1,
  },
  {
    name: 'metadata 401 although the token is alive',
    hub: { info: seen.anonymous },
    code: 'access-unknown',
    first: { kind: 'copy-report' },
    requests: 2,
  },
  {
    name: 'disabled, as metadata says',
    hub: { info: seen.info({ disabled: true }) },
    code: 'repo-disabled',
    first: { view: 'journey' },
    requests: 1,
  },
  {
    name: 'disabled, as auth-check says',
    hub: { check: seen.disabled },
    code: 'repo-disabled',
    first: { view: 'journey' },
    requests: 2,
  },
  {
    name: 'region, open model, no token',
    hub: { info: open, check: seen.region },
    signedIn: false,
    code: 'region-blocked',
    state: 'not-gated',
    first: { view: 'journey' },
    requests: 2,
  },
  {
    name: 'region, with a token',
    hub: { check: seen.region },
    code: 'region-blocked',
    first: { view: 'journey' },
    requests: 2,
  },
  {
    name: 'rate limit without a token',
    hub: { info: seen.limited },
    signedIn: false,
    code: 'rate-limited',
    first: { request: 'setup.check' },
    requests: 1,
  },
  {
    name: 'rate limit on auth-check',
    hub: { check: seen.limited },
    code: 'rate-limited',
    state: 'unknown',
    first: { request: 'setup.check' },
    requests: 2,
  },
  {
    name: 'whoami limited while the token is in doubt',
    hub: { check: seen.gatedAnonymous, whoami: seen.limited },
    code: 'rate-limited',
    state: 'unknown',
    requests: 3,
  },
  {
    name: 'sign-in page of a network',
    hub: { info: seen.portal },
    code: 'proxy-or-portal',
    first: { page: 'status' },
    requests: 1,
  },
  {
    name: 'sign-in page in place of auth-check',
    hub: { check: seen.portal },
    code: 'proxy-or-portal',
    state: 'unknown',
    first: { page: 'status' },
    requests: 2,
  },
  {
    name: 'API sent to another origin',
    hub: { info: { status: 302, headers: { location: 'http://127.0.0.1:9/login' } } },
    code: 'proxy-or-portal',
    requests: 1,
  },
  {
    name: 'proxy wants a password',
    hub: { info: seen.proxySignIn },
    code: 'proxy-or-portal',
    first: { request: 'setup.check' },
    requests: 1,
  },
  { name: 'page of a filter', hub: { check: seen.filtered }, code: 'proxy-or-portal', requests: 2 },
  {
    name: 'JSON that is no model',
    hub: { info: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"hello":1}' } },
    code: 'not-the-hub',
    first: { kind: 'copy-report' },
    requests: 1,
  },
  {
    name: 'auth-check 200 that does not say OK',
    hub: { check: { status: 200, headers: { 'content-type': 'text/plain' }, body: 'maybe' } },
    code: 'not-the-hub',
    state: 'unknown',
    requests: 2,
  },
  {
    name: 'Hub trouble',
    hub: { info: seen.trouble },
    code: 'hub-trouble',
    first: { request: 'setup.check' },
    requests: 3,
  },
  {
    name: 'Hub trouble on auth-check',
    hub: { check: seen.trouble },
    code: 'hub-trouble',
    state: 'unknown',
    requests: 4,
  },
  {
    name: 'unknown 4xx',
    hub: { check: seen.refusal(418, 'Teapot', 'Short and stout') },
    code: 'access-unknown',
    state: 'unknown',
    first: { kind: 'copy-report' },
    requests: 2,
  },
  {
    name: 'connection dropped',
    hub: { info: { status: 0, fault: 'drop' } },
    code: 'offline',
    first: { request: 'setup.check' },
    requests: 3,
  },
];

describe('checkAccess', () => {
  it.each(rows)('$name', async (row) => {
    play(row.hub);
    const hub = clientFor(wire.url);
    const question = { repo, account: row.account, token: row.signedIn === false ? undefined : token };
    const answer = await checkAccess(hub, question);
    expect(answer.problem?.code).toBe(row.code);
    expect(answer.licence?.state).toBe(row.state ?? answer.licence?.state);
    if (row.code === undefined) expect(answer.licence?.state).toBe(row.state);
    if (row.first) expect(answer.problem?.actions[0]).toMatchObject(row.first as Partial<Action>);
    if (row.title) expect(answer.problem?.title).toBe(row.title);
    expect(wire.sent.length).toBe(row.requests);
    expect(JSON.stringify([answer, hub.log])).not.toContain(canary);
  });

  it('follows a renamed model with its token and tells the new name', async () => {
    play({});
    const plain = wire.script;
    wire.script = (sent) =>
      sent.path === `/api/models/${repo}`
        ? gone
        : sent.path.endsWith('New-Name')
          ? seen.info({ id: 'meta-llama/New-Name' })
          : plain(sent);
    const answer = await checkAccess(clientFor(wire.url), { repo, token });
    expect(answer.card).toMatchObject({ repo: 'meta-llama/New-Name', renamedFrom: repo });
    expect(answer.licence?.state).toBe('granted');
    expect(wire.sent.map((one) => one.path)).toEqual([
      `/api/models/${repo}`,
      '/api/models/meta-llama/New-Name',
      '/api/models/meta-llama/New-Name/auth-check',
    ]);
    expect(wire.sent.every((one) => one.headers.authorization === `Bearer ${canary}`)).toBe(true);
  });

  it('shows the sentence of the Hub word for word when it is unknown', async () => {
    play({ check: strange });
    const { problem } = await checkAccess(clientFor(wire.url), { repo, token });
    expect(problem?.explanation).toContain('"The moon is in the wrong quarter."');
    expect(problem?.evidence[0]).toMatchObject({ status: 403, requestId: 'Root=1-6912-abcdef', account: 'ada' });
  });

  it('says when the rate limit ends', async () => {
    play({ info: seen.limited });
    const { problem } = await checkAccess(clientFor(wire.url, { now: () => 1_000_000 }), { repo, token });
    expect(problem?.evidence[0]?.retryAt).toBe(1_056_000);
  });

  it('says that the model is open when only the token is the trouble', async () => {
    play({ info: seen.badCredentials, infoAnon: open, checkAnon: seen.yes, whoami: seen.anonymous });
    const { problem } = await checkAccess(clientFor(wire.url), { repo, token });
    expect(problem?.actions).toContainEqual(expect.objectContaining({ request: 'accessToken.forget' }));
  });

  it('sends nothing while the offline switch is on', async () => {
    const { problem } = await checkAccess(clientFor(wire.url, { isOffline: () => true }), { repo, token });
    expect(problem).toMatchObject({ code: 'offline', actions: [{ request: 'app.setOffline', input: { on: false } }] });
    expect(wire.sent).toEqual([]);
  });

  it('refuses an id that is none before any request', async () => {
    for (const id of ['../../api/whoami-v2', 'a/b/c', 'gpt2', 'a/b?x=1', 'a/..']) {
      expect((await checkAccess(clientFor(wire.url), { repo: id, token })).problem?.code).toBe('bad-request');
    }
    expect(wire.sent).toEqual([]);
  });

  it('answers "cancelled" when the person stops it', async () => {
    wire.script = () => ({ status: 0, fault: 'hang' });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 30);
    const { problem } = await checkAccess(clientFor(wire.url), { repo, token }, { signal: stop.signal });
    expect(problem?.code).toBe('cancelled');
  });
});

/** mulberry32: the same numbers on every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('checkAccess on answers nobody ordered', () => {
  const statuses = [
    200, 200, 200, 201, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 407, 408, 410, 418, 429, 451, 500, 503, 511,
  ];
  const bodies = [
    '',
    'OK',
    ' OK\n',
    'ok',
    'OK!',
    '"OK"',
    '{"ok":true}',
    '{}',
    '[]',
    'null',
    '<html>OK</html>',
    '{"error":',
    '{"error":"not in the authorized list"}',
    '{"name":"eve"}',
    seen.info().body!,
    seen.info({ gated: false }).body!,
    seen.info({ gated: 'paid' }).body!,
    seen.whoami().body!,
    '\u0000\ufffd',
  ];
  const sentences = [
    ...[seen.neverAsked, seen.pending, seen.rejected, seen.reset, seen.noBox, seen.region, seen.gatedAnonymous].map(
      (one) => String(one.headers?.['x-error-message']),
    ),
    'granted',
    'access has been granted',
    'OK',
    '',
  ];
  const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  it('never says "granted" without a 200 "OK" of auth-check, never throws, never sends more than four requests', async () => {
    const random = numbers(20_261_120);
    let granted = 0;
    for (let round = 0; round < 1500; round++) {
      wire.sent.length = 0;
      let saidOk = false;
      wire.script = ({ path }) => {
        const usual = random() < 0.5 && !path.endsWith('auth-check');
        const answer = usual ? (path.includes('whoami') ? seen.whoami() : seen.info()) : anything();
        if (path.endsWith('/auth-check') && answer.status === 200 && answer.body?.trim() === 'OK') saidOk = true;
        return answer;
      };
      const anything = (): Recorded => {
        const headers: Record<string, string> = {};
        if (random() < 0.5)
          headers['x-error-code'] = pick(random, [
            'GatedRepo',
            'RepoNotFound',
            'EntryNotFound',
            'RevisionNotFound',
            'Granted',
            'x',
          ]);
        if (random() < 0.5) headers['x-error-message'] = pick(random, sentences);
        if (random() < 0.5)
          headers['content-type'] = pick(random, ['text/html', 'application/json', 'text/plain', 'nonsense']);
        if (random() < 0.3)
          headers['location'] = pick(random, [
            '/api/models/a/b',
            'https://evil.example/x',
            'http://evil.example',
            '//[',
            '',
            '?',
            '/api/models/x/auth-check',
          ]);
        if (random() < 0.3)
          headers['ratelimit'] = pick(random, ['"api";r=0;t=999999', '"api";r=5;t=1', ';;;', '"api";r=0;t=-1']);
        if (random() < 0.3)
          headers['retry-after'] = pick(random, ['1e9', 'soon', '-5', '100', 'Wed, 21 Oct 2065 07:28:00 GMT']);
        return { status: pick(random, statuses), headers, body: pick(random, bodies) };
      };
      const hub = clientFor(wire.url);
      const answer = await checkAccess(hub, { repo, token: random() < 0.7 ? token : undefined });
      if (answer.licence?.state === 'granted' || !answer.problem) {
        expect(saidOk).toBe(true);
        granted += 1;
      }
      if (answer.problem) expect(answer.problem.actions.length).toBeGreaterThan(0);
      expect(wire.sent.length).toBeLessThanOrEqual(4);
      expect(JSON.stringify([answer, hub.log])).not.toContain(canary);
    }
    expect(granted).toBeGreaterThan(5); // the generator reaches the yes, too
  }, 60_000);
});
