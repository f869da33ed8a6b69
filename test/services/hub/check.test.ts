import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../../electron/contract/problem.ts';
import { checkAccess } from '../../../electron/services/hub/check.ts';
import { describe as describeProblem } from '../../../electron/services/hub/words.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { open, rows, strange, type Hub } from './checkRows.ts';
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

const gone: Recorded = { status: 307, headers: { location: '/api/models/meta-llama/New-Name' } };

function play(hub: Hub): void {
  wire.script = ({ path, headers }: Sent) => {
    const anon = headers.authorization === undefined;
    if (path === '/api/whoami-v2') return hub.whoami ?? seen.whoami();
    if (path.endsWith('/auth-check')) return (anon ? hub.checkAnon : undefined) ?? hub.check ?? seen.yes;
    return (anon ? hub.infoAnon : undefined) ?? hub.info ?? seen.info();
  };
}

describe('checkAccess', () => {
  it.each(rows)('$name', async (row) => {
    play(row.hub);
    const hub = clientFor(wire.url);
    const account = row.account === undefined ? undefined : { name: row.account, ...row.holder };
    const refused = row.refused && describeProblem('token-not-accepted', {}, []);
    const question = { repo, account, refused, token: row.signedIn === false ? undefined : token };
    const answer = await checkAccess(hub, question);
    expect(answer.problem?.code).toBe(row.code);
    expect(answer.licence?.state).toBe(row.state ?? answer.licence?.state);
    if (row.code === undefined) expect(answer.licence?.state).toBe(row.state);
    if (row.first) expect(answer.problem?.actions[0]).toMatchObject(row.first as Partial<Action>);
    expect(answer.problem?.actions.map(({ label }) => label).join(' | ')).toBe(row.actions);
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
