import { describe, expect, it } from 'vitest';
import { retryAt } from '../../../electron/services/hub/evidence.ts';
import { explainContents, explainMove, readCard } from '../../../electron/services/hub/modelInfo.ts';
import { pageUrl } from '../../../electron/services/hub/pages.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { readTree } from '../../../electron/services/hub/tree.ts';
import { readAccount } from '../../../electron/services/hub/whoami.ts';
import * as seen from './recorded.ts';

const parsed = (changes: Readonly<Record<string, unknown>> = {}): unknown => JSON.parse(seen.info(changes).body ?? '');

describe('readCard', () => {
  it('reads what everybody may know about a gated model', () => {
    expect(readCard(parsed(), seen.repo)).toEqual({
      repo: seen.repo,
      commit: seen.commit,
      gate: 'manual',
      licence: 'llama3.2',
      excludesEu: false,
      private: false,
      disabled: false,
      files: ['README.md', 'config.json', 'model.safetensors'],
      form: [],
    });
  });

  it.each([
    [{ gated: false }, { gate: 'none' }],
    [{ gated: 'auto' }, { gate: 'auto' }],
    [{ gated: true }, { gate: 'manual' }],
    [{ gated: 'paid' }, { gate: 'manual' }],
    [{ cardData: { license: 'other', license_name: 'acme-1' } }, { licence: 'acme-1' }],
    [{ cardData: { license: ['mit', 'apache-2.0'] } }, { licence: 'mit, apache-2.0' }],
    [{ cardData: undefined }, { licence: 'llama3.2' }],
    [{ cardData: null, tags: [] }, { licence: 'unknown' }],
    [{ cardData: { extra_gated_eu_disallowed: true } }, { excludesEu: true }],
    [{ id: 'new/name' }, { repo: 'new/name', renamedFrom: seen.repo }],
    [{ siblings: 'none' }, { files: [] }],
    [{ siblings: [{ rfilename: 'a' }, {}, null, { rfilename: 3 }] }, { files: ['a'] }],
  ])('reads %j', (changes, expected) => {
    expect(readCard(parsed(changes), seen.repo)).toMatchObject(expected);
  });

  it.each([null, [], 'x', 7, {}, { id: 'a/b' }, { id: 'a/b', sha: 'main' }, { sha: seen.commit }])(
    'refuses %j',
    (json) => {
      expect(readCard(json, seen.repo)).toBeUndefined();
    },
  );

  it('tells of weights that cannot be prepared, and of a move', () => {
    const card = readCard(parsed(), 'old/name');
    expect(card && explainContents(card)).toBeUndefined();
    expect(card && explainContents({ ...card, files: ['x.gguf'] })).toMatchObject({ code: 'nothing-to-run' });
    expect(card && explainMove(card)).toMatchObject({
      code: 'repo-renamed',
      actions: [{ request: 'setup.choose', input: { repo: seen.repo } }],
    });
  });
});

describe('readAccount', () => {
  const token = createAccessToken(seen.canary);
  const read = (accessToken: Readonly<Record<string, unknown>> | undefined, held = token) =>
    readAccount(JSON.parse(seen.whoami(accessToken).body ?? ''), { token: held, now: 7 });

  it('reads a read token', () => {
    expect(read({ role: 'read', displayName: 'laptop', createdAt: 'x' })).toEqual({
      name: 'ada',
      fullName: 'Ada L.',
      kind: 'read',
      tokenName: 'laptop',
      scopes: [],
      ending: 'cana',
      checkedAt: 7,
    });
  });

  it('reads the box and the scopes of a fine-grained token', () => {
    const fineGrained = {
      canReadGatedRepos: false,
      global: ['discussion.write'],
      scoped: [
        { entity: { _id: '1', type: 'org', name: 'meta-llama' }, permissions: ['repo.content.read', 7] },
        { entity: {}, permissions: ['org.read'] },
        'nonsense',
      ],
    };
    expect(read({ role: 'fineGrained', fineGrained })).toMatchObject({
      kind: 'fine-grained',
      readsGated: false,
      scopes: ['discussion.write', 'repo.content.read @ meta-llama', 'org.read'],
    });
  });

  it.each([
    [{ role: 'write' }, 'write'],
    [{ role: 'admin' }, 'other'],
    [{}, 'other'],
  ])('calls %j %s', (accessToken, kind) => {
    expect(read(accessToken)).toMatchObject({ kind });
  });

  it('knows an OAuth token by its beginning', () => {
    const json = { name: 'ada', auth: { type: 'oauth' } };
    expect(readAccount(json, { token: createAccessToken('hf_oauth_abcdefghijkl'), now: 1 })).toMatchObject({
      kind: 'oauth',
    });
  });

  it.each([null, [], {}, { name: '' }, { name: 3 }, 'ada'])('refuses %j', (json) => {
    expect(readAccount(json, { token, now: 1 })).toBeUndefined();
  });
});

describe('readTree', () => {
  const sha1 = 'a'.repeat(40);
  const sha256 = 'b'.repeat(64);
  const file = { type: 'file', path: 'x', size: 3, oid: sha1 };

  it.each([
    ['a small file', file, { path: 'x', bytes: 3, gitSha1: sha1 }],
    ['an LFS file', { ...file, lfs: { oid: sha256, size: 9, pointerSize: 1 } }, { path: 'x', bytes: 9, sha256 }],
    [
      'an LFS file with a prefix',
      { ...file, lfs: { oid: `sha256:${sha256}`, size: 9 } },
      { path: 'x', bytes: 9, sha256 },
    ],
    [
      'a masked LFS file',
      { ...file, lfs: { oid: '*'.repeat(64), size: 9 }, xetHash: '*'.repeat(64) },
      { path: 'x', bytes: 9 },
    ],
    ['a Xet file without LFS', { ...file, xetHash: sha256 }, { path: 'x', bytes: 3 }],
  ])('reads %s', (_, entry, expected) => {
    expect(readTree([{ type: 'directory', path: 'd', oid: sha1 }, entry])).toEqual([expected]);
  });

  it.each([
    null,
    {},
    [{ type: 'file' }],
    [{ ...file, size: -1 }],
    [{ ...file, size: '3' }],
    [{ ...file, size: 1e300 }],
  ])('refuses %j', (json) => {
    expect(readTree(json)).toBeUndefined();
  });
});

describe('retryAt', () => {
  it.each([
    [{ ratelimit: '"api";r=0;t=55' }, 429, 56_000],
    [{ ratelimit: '"api";r=12;t=55' }, 429, undefined],
    [{ ratelimit: '"api";r=12;t=55', 'retry-after': '9' }, 429, 10_000],
    [{ 'retry-after': '9' }, 503, 10_000],
    [{ 'retry-after': '9' }, 500, undefined],
    [{ 'retry-after': '999999' }, 429, 900_000],
    [{ 'retry-after': 'soon' }, 429, undefined],
    [{ 'retry-after': '-3' }, 429, undefined],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:30 GMT' }, 429, 30_000],
    [{}, 429, undefined],
  ])('reads %j with %i as %s', (headers, status, expected) => {
    expect(retryAt(headers, status, 0)).toBe(expected);
  });
});

describe('pageUrl', () => {
  const hub = 'https://huggingface.co';
  it.each([
    ['licence', seen.repo, `${hub}/${seen.repo}`],
    ['model', seen.repo, `${hub}/${seen.repo}`],
    ['licence', undefined, `${hub}/`],
    ['licence', '../settings', `${hub}/`],
    ['licence', '//evil.example/x', `${hub}/`],
    ['new-token', undefined, `${hub}/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained`],
    ['tokens', undefined, `${hub}/settings/tokens`],
    ['requests', undefined, `${hub}/settings/gated-repos`],
    ['sign-up', undefined, `${hub}/join`],
    ['status', undefined, 'https://status.huggingface.co/'],
  ] as const)('knows %s of %s', (page, repo, url) => {
    expect(pageUrl(hub, page, repo).href).toBe(url);
  });

  it('stays on the practice Hub', () => {
    expect(pageUrl('http://127.0.0.1:4000', 'status').href).toBe('http://127.0.0.1:4000/status');
    expect(pageUrl('http://127.0.0.1:4000/', 'licence', seen.repo).href).toBe(`http://127.0.0.1:4000/${seen.repo}`);
  });
});
