import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenOrder } from '../../electron/practice/hub/practiceHub.ts';
import { type FileRow, type Info, keyhole, openRoom, type Room, shard } from './practiceRoom.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

type Order = Partial<TokenOrder> | 'none' | 'nonsense';
const tokenFor = (order: Order): string | undefined =>
  order === 'none'
    ? undefined
    : order === 'nonsense'
      ? 'hf_nonsense'
      : room.hub.control.createToken({ account: 'ada', kind: 'read', ...order });

const mustLogIn = `Access to model ${keyhole} is restricted. You must have access to it and be authenticated to access it. Please log in.`;
const base = 'practice-labs/Keyhole-1';

/** Hub facts 1.5, row by row: who asks for what, and the status, code and sentence of every content route. */
const rows: readonly {
  name: string;
  repo?: string;
  token: Order;
  before?: () => void;
  status: number;
  code?: string;
  sentence: (endpoint: string) => string;
}[] = [
  { name: 'gated, no token', token: 'none', status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  { name: 'gated, bad token', token: 'nonsense', status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  { name: 'gated, expired token', token: { expired: true }, status: 401, code: 'GatedRepo', sentence: () => mustLogIn },
  {
    name: 'gated, bad token, as the Hub said in 2025',
    token: 'nonsense',
    before: () => {
      room.hub.control.setHabits({
        deadTokenOnGated: 'plain',
        deadTokenSentence: 'Invalid credentials in Authorization header',
      });
    },
    status: 401,
    sentence: () => 'Invalid credentials in Authorization header',
  },
  {
    name: 'public repo, bad token',
    repo: 'open-practice/Doorstep-Instruct',
    token: 'nonsense',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'valid token, never asked',
    token: {},
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'accepted for the sibling only',
    token: {},
    before: () => {
      room.hub.control.setRequestState(base, 'ada', 'granted');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'accepted by another account',
    token: { account: 'bob' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Access to model ${keyhole} is restricted and you are not in the authorized list. Visit ${endpoint}/${keyhole} to ask for access.`,
  },
  {
    name: 'pending',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'pending');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: () => `Your request to access model ${keyhole} is awaiting a review from the repo authors.`,
  },
  {
    name: 'rejected',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'rejected');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: () => `Your request to access model ${keyhole} has been rejected by the repo's authors.`,
  },
  {
    name: 'reset',
    token: {},
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'reset');
    },
    status: 403,
    code: 'GatedRepo',
    sentence: (endpoint) =>
      `Your request to access model ${keyhole} has been reset by the repo's authors. Visit ${endpoint}/${keyhole} to submit a new request.`,
  },
  {
    name: 'fine-grained token without the gated box, even with access',
    token: { kind: 'fineGrained' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
  },
  {
    name: 'sign-in of an app without the scope gated-repos',
    token: { kind: 'oauth' },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
  },
  {
    name: 'token refused by the organisation',
    token: { refusedBy: ['practice-labs'] },
    before: () => {
      room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    },
    status: 403,
    sentence: () =>
      'Your token has been revoked by the organization administrator, you can no longer access organization resources. Please contact them for more information.',
  },
  {
    name: 'missing, no token',
    repo: 'practice-labs/Nowhere',
    token: 'none',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'missing, bad token',
    repo: 'practice-labs/Nowhere',
    token: 'nonsense',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'missing, valid token',
    repo: 'practice-labs/Nowhere',
    token: {},
    status: 404,
    code: 'RepoNotFound',
    sentence: () => 'Repository not found',
  },
  {
    name: 'private, no token',
    repo: 'practice-labs/Vault-Instruct',
    token: 'none',
    status: 401,
    sentence: () => 'Invalid username or password.',
  },
  {
    name: 'private, no right',
    repo: 'practice-labs/Vault-Instruct',
    token: {},
    status: 404,
    code: 'RepoNotFound',
    sentence: () => 'Repository not found',
  },
  {
    name: 'disabled',
    repo: 'practice-labs/Sealed-Instruct',
    token: {},
    status: 403,
    sentence: () => 'Access to this resource is disabled.',
  },
  {
    name: 'region, no token',
    repo: 'practice-labs/Faraway-Instruct',
    token: 'none',
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
  {
    name: 'region, valid token',
    repo: 'practice-labs/Faraway-Instruct',
    token: {},
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
  {
    name: 'region, bad token',
    repo: 'practice-labs/Faraway-Instruct',
    token: 'nonsense',
    status: 403,
    sentence: () => 'This model is not available in your region.',
  },
];

describe('every state of access on the wire', () => {
  for (const row of rows) {
    it(row.name, async () => {
      row.before?.();
      const token = tokenFor(row.token);
      const repo = row.repo ?? keyhole;
      const sentence = row.sentence(room.hub.endpoint);
      const routes = [
        ['GET', `/api/models/${repo}/auth-check`],
        ['HEAD', `/api/models/${repo}/auth-check`],
        ['GET', `/${repo}/resolve/main/config.json`],
        ['HEAD', `/${repo}/resolve/main/${shard}`],
        ['GET', `/${repo}/raw/main/config.json`],
        ['GET', `/${repo}/blob/main/config.json`],
        ['GET', `/${repo}/raw/main/README.md`],
        // The gate comes before existence.
        ['GET', `/${repo}/resolve/main/no-such-file.bin`],
        ['GET', `/${repo}/resolve/no-such-revision/config.json`],
      ] as const;
      for (const [method, path] of routes) {
        const answer = await room.ask(path, { method, ...(token !== undefined && { token }) });
        const seen = {
          route: `${method} ${path}`,
          status: answer.status,
          code: answer.headers.get('x-error-code'),
          sentence: answer.headers.get('x-error-message'),
        };
        expect(seen).toEqual({ route: seen.route, status: row.status, code: row.code ?? null, sentence });
        const body = method === 'HEAD' ? '' : path.startsWith('/api/') ? JSON.stringify({ error: sentence }) : sentence;
        expect(answer.text).toBe(body);
        expect(answer.headers.get('content-type')).toMatch(
          path.startsWith('/api/') ? /^application\/json/ : /^text\/plain/,
        );
        expect(answer.headers.get('www-authenticate')).toBe(
          row.status === 401 ? 'Bearer realm="Authentication required", charset="UTF-8"' : null,
        );
        expect(answer.headers.get('x-request-id')).toMatch(/^Root=1-/);
        expect(answer.headers.get('ratelimit')).toMatch(/^"(?:api|resolvers|pages)";r=\d+;t=\d+$/);
      }
    });
  }
});

describe('who gets in', () => {
  const granted: readonly (readonly [string, Partial<TokenOrder>, 'granted' | 'none'])[] = [
    ['read token', { kind: 'read' }, 'granted'],
    ['write token', { kind: 'write' }, 'granted'],
    ['fine-grained token with the box', { kind: 'fineGrained', gated: true }, 'granted'],
    [
      'fine-grained token with a right on this repository',
      {
        kind: 'fineGrained',
        scopes: [{ entity: { type: 'model', name: keyhole }, permissions: ['repo.content.read'] }],
      },
      'granted',
    ],
    ['sign-in of an app with gated-repos', { kind: 'oauth', gated: true }, 'granted'],
    ['one of the authors, without asking', { account: 'carol', kind: 'read' }, 'none'],
  ];
  it.each([...granted])('%s', async (_name, order, state) => {
    room.hub.control.setRequestState(keyhole, 'ada', state);
    const token = room.hub.control.createToken({ account: 'ada', kind: 'read', ...order });
    const check = await room.ask(`/api/models/${keyhole}/auth-check`, { token });
    expect([check.status, check.text]).toEqual([200, 'OK']);
    expect((await room.ask(`/${keyhole}/resolve/main/config.json`, { token })).status).toBe(200);
    expect((await room.ask(`/${keyhole}/resolve/main/${shard}`, { token })).status).toBe(302);
  });

  it('an author reads the private repository, with a token that has the right', async () => {
    const { control } = room.hub;
    const path = '/api/models/practice-labs/Vault-Instruct/auth-check';
    const fine = (permissions: readonly string[]): string =>
      control.createToken({
        account: 'carol',
        kind: 'fineGrained',
        gated: true,
        scopes: [{ entity: { type: 'org', name: 'practice-labs' }, permissions }],
      });
    expect((await room.ask(path, { token: control.createToken({ account: 'carol', kind: 'read' }) })).status).toBe(200);
    expect((await room.ask(path, { token: fine(['repo.content.read']) })).status).toBe(200);
    expect((await room.ask(path, { token: fine(['discussion.write']) })).status).toBe(404);
  });

  it('reading is not writing', async () => {
    room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    const token = room.hub.control.createToken({ account: 'ada', kind: 'write' });
    const answer = await room.ask(`/api/models/${keyhole}/auth-check/write`, { token });
    expect([answer.status, answer.headers.get('x-error-code'), answer.headers.get('x-error-message')]).toEqual([
      403,
      null,
      'You have read access but not the required permissions for this operation',
    ]);
    const author = room.hub.control.createToken({ account: 'carol', kind: 'write' });
    expect((await room.ask(`/api/models/${keyhole}/auth-check/write`, { token: author })).status).toBe(200);
  });

  it('a revoked token is dead at once', async () => {
    room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    const token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
    expect((await room.ask(`/api/models/${keyhole}/auth-check`, { token })).status).toBe(200);
    room.hub.control.revokeToken(token);
    expect((await room.ask(`/api/models/${keyhole}/auth-check`, { token })).status).toBe(401);
  });

  it('a pending request grants itself when the time has come, and not before', async () => {
    room.hub.control.setRequestState(keyhole, 'ada', 'pending');
    const token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
    room.pass(19);
    expect((await room.ask(`/api/models/${keyhole}/auth-check`, { token })).status).toBe(403);
    room.pass(1);
    expect((await room.ask(`/api/models/${keyhole}/auth-check`, { token })).status).toBe(200);
  });
});

describe('what is public on a gated repository', () => {
  it.each(['/api/models/ID', '/api/models/ID/revision/main', '/api/models/ID/tree/main?recursive=true', '/ID'])(
    '%s',
    async (path) => {
      expect((await room.ask(path.replace('ID', keyhole))).status).toBe(200);
    },
  );

  it('README and licence at the root by exact name, through /resolve/ only', async () => {
    const read = async (path: string): Promise<readonly [number, string | null]> => {
      const answer = await room.ask(`/${keyhole}/${path}`);
      return [answer.status, answer.headers.get('x-error-code')];
    };
    expect(await read('resolve/main/README.md')).toEqual([200, null]);
    expect(await read('resolve/main/LICENSE.txt')).toEqual([200, null]);
    expect(await read('resolve/main/LICENSE.md')).toEqual([404, 'EntryNotFound']);
    expect(await read('resolve/main/license.txt')).toEqual([401, 'GatedRepo']);
    expect(await read('resolve/main/extra/README.md')).toEqual([401, 'GatedRepo']);
    expect(await read('raw/main/LICENSE.txt')).toEqual([401, 'GatedRepo']);
    expect(await read('blob/main/README.md')).toEqual([401, 'GatedRepo']);
  });

  it('hashes are masked until access is granted; sizes and git ids never are', async () => {
    const token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
    const look = async (): Promise<FileRow> => {
      const rows = (await room.ask(`/api/models/${keyhole}/tree/main`, { token })).json<FileRow[]>();
      return rows.find((entry) => entry.path === shard)!;
    };
    const before = await look();
    const blobs = (await room.ask(`/api/models/${keyhole}?blobs=true`, { token })).json<Info>();
    room.hub.control.setRequestState(keyhole, 'ada', 'granted');
    const after = await look();
    const mask = '*'.repeat(64);
    expect([before.lfs.oid, before.xetHash]).toEqual([mask, mask]);
    expect(blobs.siblings.find((one) => one.rfilename === shard)?.lfs?.sha256).toBe(mask);
    expect(after.lfs.oid).toMatch(/^[0-9a-f]{64}$/);
    expect(after.xetHash).toMatch(/^[0-9a-f]{64}$/);
    expect([before.oid, before.size, before.lfs.size]).toEqual([after.oid, after.size, after.lfs.size]);
  });
});

describe('errors when access is fine', () => {
  it.each([
    ['/resolve/no-such/config.json', 404, 'RevisionNotFound', 'Revision not found'],
    ['/resolve/main/no-such.json', 404, 'EntryNotFound', 'Entry not found'],
  ])('%s', async (path, status, code, sentence) => {
    const answer = await room.ask(`/open-practice/Doorstep-Instruct${path}`);
    expect([answer.status, answer.headers.get('x-error-code'), answer.headers.get('x-error-message')]).toEqual([
      status,
      code,
      sentence,
    ]);
    if (code === 'EntryNotFound') {
      expect(answer.headers.get('x-repo-commit')).toBe(await room.hub.control.head('open-practice/Doorstep-Instruct'));
    }
  });

  it('a renamed repository answers 307 with a relative address on both kinds of route', async () => {
    const info = await room.ask('/api/models/practice-labs/Keyhole-One-Instruct');
    expect([info.status, info.headers.get('location')]).toEqual([307, `/api/models/${keyhole}`]);
    expect(info.text).toBe(`Temporary Redirect. Redirecting to /api/models/${keyhole}`);
    const check = await room.ask('/api/models/practice-labs/Keyhole-One-Instruct/auth-check');
    expect(check.headers.get('location')).toBe(`/api/models/${keyhole}/auth-check`);
    const file = await room.ask('/practice-labs/Keyhole-One-Instruct/resolve/main/config.json?download=true');
    expect([file.status, file.headers.get('location')]).toEqual([
      307,
      `/${keyhole}/resolve/main/config.json?download=true`,
    ]);
  });
});
