import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenOrder } from '../../electron/practice/hub/practiceHub.ts';
import { type FileRow, type Info, keyhole, openRoom, type Room, shard } from './practiceRoom.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

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
