import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { probeFile, readPublicFile, readRepoFile, resolveFile } from '../../../electron/services/hub/files.ts';
import { modelInfo } from '../../../electron/services/hub/modelInfo.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { listFiles } from '../../../electron/services/hub/tree.ts';
import { whoAmI } from '../../../electron/services/hub/whoami.ts';
import * as seen from './recorded.ts';
import { clientFor, startWire, type Recorded, type Wire } from './wire.ts';

const { canary, commit, repo } = seen;
const token = createAccessToken(canary);
const sha1 = 'c'.repeat(40);
const sha256 = 'd'.repeat(64);
let hub: Wire;
let cdn: Wire;

beforeAll(async () => {
  hub = await startWire(() => seen.yes);
  cdn = await startWire(() => ({ status: 206, headers: { 'content-range': 'bytes 0-0/2471645608' }, body: 'x' }));
});
beforeEach(() => {
  hub.sent.length = 0;
  cdn.sent.length = 0;
});
afterAll(async () => {
  await hub.close();
  await cdn.close();
});

const weights = { repo, commit, path: 'model.safetensors', token };
const linked = (changes: Readonly<Record<string, string>> = {}): Recorded => ({
  status: 302,
  headers: {
    location: `${cdn.url}/xet/abc?Signature=s1`,
    'x-linked-size': '2471645608',
    'x-linked-etag': `"${sha256}"`,
    'x-repo-commit': commit,
    'content-length': '1124',
    ...changes,
  },
});
const small: Recorded = {
  status: 200,
  headers: { etag: `W/"${sha1}"`, 'x-repo-commit': commit, 'content-length': '843', 'content-type': 'text/plain' },
};

describe('resolveFile', () => {
  it('reads the address of a large file without following it', async () => {
    hub.script = () => linked();
    expect(await resolveFile(clientFor(hub.url), weights)).toEqual({
      ok: true,
      value: { url: `${cdn.url}/xet/abc?Signature=s1`, crossOrigin: true, bytes: 2_471_645_608, etag: sha256, commit },
    });
    expect(hub.sent.map((one) => [one.method, one.path])).toEqual([
      ['HEAD', `/${repo}/resolve/${commit}/model.safetensors`],
    ]);
    expect(cdn.sent).toEqual([]);
  });

  it('reads a small gated file that the Hub sends itself', async () => {
    hub.script = () => small;
    expect(await resolveFile(clientFor(hub.url), { ...weights, path: 'config.json' })).toEqual({
      ok: true,
      value: {
        url: `${hub.url}/${repo}/resolve/${commit}/config.json`,
        crossOrigin: false,
        bytes: 843,
        etag: sha1,
        commit,
      },
    });
  });

  it('follows the relative redirect of a small open file with the token', async () => {
    hub.script = ({ path }) =>
      path.startsWith('/api/resolve-cache/')
        ? small
        : { status: 307, headers: { location: `/api/resolve-cache/models/${repo}` } };
    const place = await resolveFile(clientFor(hub.url), weights);
    expect(place).toMatchObject({
      ok: true,
      value: { crossOrigin: false, etag: sha1, url: `${hub.url}/api/resolve-cache/models/${repo}` },
    });
    expect(hub.sent[1]?.headers.authorization).toBe(`Bearer ${canary}`);
  });

  it('encodes names that would mean something else in an address', async () => {
    hub.script = () => small;
    await resolveFile(clientFor(hub.url), { ...weights, path: 'a b/100%#1?.json' });
    expect(hub.sent[0]?.path).toBe(`/${repo}/resolve/${commit}/a%20b/100%25%231%3F.json`);
  });

  it.each(['../secret', 'a/../b', './a', '/etc/passwd', 'a//b', ''])(
    'refuses the path %j before any request',
    async (path) => {
      expect(await resolveFile(clientFor(hub.url), { ...weights, path })).toMatchObject({
        ok: false,
        problem: { code: 'bad-request' },
      });
      expect(hub.sent).toEqual([]);
    },
  );

  it.each([
    ['no size', () => linked({ 'x-linked-size': '' }), 'not-the-hub'],
    ['no commit', () => ({ status: 302, headers: { location: 'https://x.example/' } }), 'not-the-hub'],
    ['another commit', () => linked({ 'x-repo-commit': 'e'.repeat(40) }), 'not-the-hub'],
    ['a masked hash', () => linked({ 'x-linked-etag': `"${'*'.repeat(64)}"` }), 'not-the-hub'],
    ['a page', () => seen.portal, 'proxy-or-portal'],
    ['a missing file', () => seen.entryMissing, 'file-not-found'],
    ['a missing version', () => seen.revisionMissing, 'revision-not-found'],
    ['never asked', () => seen.neverAsked, 'access-never-asked'],
    ['region', () => seen.region, 'region-blocked'],
  ] as const)('explains %s', async (_, recorded, code) => {
    hub.script = recorded;
    expect(await resolveFile(clientFor(hub.url), weights)).toMatchObject({ ok: false, problem: { code } });
  });
});

describe('probeFile', () => {
  it('fetches one byte from the download server without the token', async () => {
    hub.script = () => linked();
    expect(await probeFile(clientFor(hub.url), weights)).toMatchObject({ ok: true, value: { bytes: 2_471_645_608 } });
    expect(cdn.sent).toMatchObject([{ method: 'GET', headers: { range: 'bytes=0-0' } }]);
    expect(JSON.stringify(cdn.sent)).not.toContain(canary);
  });

  it('is content with a server that ignores the range, and reads no further', async () => {
    hub.script = () => linked();
    cdn.script = () => ({ status: 200, body: 'x'.repeat(5_000_000) });
    expect(await probeFile(clientFor(hub.url), weights)).toMatchObject({ ok: true });
  });

  it.each([
    ['drops the connection', { status: 0, fault: 'drop' }],
    ['refuses', { status: 403, body: 'AccessDenied' }],
    ['refuses at length', { status: 403, body: 'x'.repeat(100_000) }],
  ] as const)('says so when the download server %s', async (_, recorded) => {
    hub.script = () => linked();
    cdn.script = () => recorded;
    const result = await probeFile(clientFor(hub.url), weights);
    expect(result).toMatchObject({
      ok: false,
      problem: { code: 'cdn-blocked', actions: [{ kind: 'copy-report' }, {}] },
    });
    expect(JSON.stringify(result)).not.toContain('Signature');
  });
});

describe('probeFile behind a portal', () => {
  it('does not take a page for a byte of the file', async () => {
    hub.script = () => linked();
    cdn.script = () => seen.portal;
    expect(await probeFile(clientFor(hub.url), weights)).toMatchObject({
      ok: false,
      problem: { code: 'proxy-or-portal' },
    });
  });
});

describe('readPublicFile and readRepoFile', () => {
  const text = { repo, commit, path: 'LICENSE.txt', maxBytes: 1000 };
  const licence: Recorded = { ...small, headers: { 'x-repo-commit': commit }, body: 'LLAMA 3.2 COMMUNITY LICENSE' };

  it('reads a licence without any token', async () => {
    hub.script = () => licence;
    expect(await readPublicFile(clientFor(hub.url), text)).toEqual({ ok: true, value: licence.body });
    expect(hub.sent[0]?.headers.authorization).toBeUndefined();
  });

  it('reads a small gated file with the token', async () => {
    hub.script = ({ headers }) => (headers.authorization ? { ...licence, body: '{"a":1}' } : seen.gatedAnonymous);
    expect(await readRepoFile(clientFor(hub.url), { ...text, path: 'config.json', token })).toEqual({
      ok: true,
      value: '{"a":1}',
    });
    expect(await readRepoFile(clientFor(hub.url), { ...text, path: 'config.json' })).toMatchObject({
      problem: { code: 'no-token' },
    });
  });

  it('does not take the page of a network for a licence', async () => {
    hub.script = () => seen.portal;
    expect(await readPublicFile(clientFor(hub.url), text)).toMatchObject({ problem: { code: 'proxy-or-portal' } });
    hub.script = () => ({ status: 200, body: 'plain words of a stranger' });
    expect(await readPublicFile(clientFor(hub.url), text)).toMatchObject({ problem: { code: 'not-the-hub' } });
  });

  it('refuses a text that is too long instead of cutting it', async () => {
    hub.script = () => ({ ...licence, body: 'x'.repeat(1001) });
    expect(await readPublicFile(clientFor(hub.url), text)).toMatchObject({
      ok: false,
      problem: { code: 'bad-request' },
    });
  });
});

describe('listFiles', () => {
  const entry = (path: string) => ({ type: 'file', path, size: 1, oid: sha1 });
  const page = (paths: readonly string[], next?: string): Recorded => ({
    status: 200,
    headers: { 'content-type': 'application/json', ...(next === undefined ? {} : { link: `<${next}>; rel="next"` }) },
    body: JSON.stringify(paths.map(entry)),
  });

  it('reads every page, with the token on each', async () => {
    hub.script = ({ path }) =>
      path.includes('cursor=2')
        ? page(['c'])
        : page(['a', 'b'], `${hub.url}/api/models/${repo}/tree/${commit}?cursor=2`);
    const result = await listFiles(clientFor(hub.url), { repo, commit, token });
    expect(result.ok && result.value.map((file) => file.path)).toEqual(['a', 'b', 'c']);
    expect(hub.sent[0]?.path).toBe(`/api/models/${repo}/tree/${commit}?recursive=true&expand=false`);
    expect(hub.sent.every((one) => one.headers.authorization === `Bearer ${canary}`)).toBe(true);
  });

  it('never asks another origin for the next page', async () => {
    hub.script = () => page(['a'], `${cdn.url}/api/models/${repo}/tree/x`);
    const result = await listFiles(clientFor(hub.url), { repo, commit, token });
    expect(result.ok && result.value.length).toBe(1);
    expect(cdn.sent).toEqual([]);
  });

  it('stops at a list without an end', async () => {
    hub.script = () => page(['a'], '/api/models/x/tree/again');
    expect(await listFiles(clientFor(hub.url), { repo, commit })).toMatchObject({ problem: { code: 'not-the-hub' } });
    expect(hub.sent.length).toBe(100);
  });
});

describe('whoAmI and modelInfo', () => {
  it('answer with facts or with the problem', async () => {
    hub.script = () => seen.whoami();
    expect(await whoAmI(clientFor(hub.url), token)).toMatchObject({ ok: true, value: { name: 'ada', kind: 'read' } });
    hub.script = () => seen.anonymous;
    expect(await whoAmI(clientFor(hub.url), token)).toMatchObject({ problem: { code: 'token-not-accepted' } });
    hub.script = () => seen.portal;
    expect(await whoAmI(clientFor(hub.url), token)).toMatchObject({ problem: { code: 'proxy-or-portal' } });
    hub.script = () => ({ status: 200, body: '{}' });
    expect(await whoAmI(clientFor(hub.url), token)).toMatchObject({ problem: { code: 'not-the-hub' } });
    hub.script = () => seen.info();
    expect(await modelInfo(clientFor(hub.url), { repo })).toMatchObject({ ok: true, value: { gate: 'manual' } });
    hub.script = () => seen.repoMissing;
    expect(await modelInfo(clientFor(hub.url), { repo, token })).toMatchObject({ problem: { code: 'repo-not-found' } });
  });
});
