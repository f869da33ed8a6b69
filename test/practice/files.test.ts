import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  doorstep,
  gitSha1,
  type Info,
  keyhole,
  modelFiles,
  openRoom,
  type Room,
  sha256,
  shard,
} from './practiceRoom.ts';

let room: Room;
let token: string;
let head: string;
beforeAll(async () => {
  room = await openRoom();
  token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
  room.hub.control.setRequestState(keyhole, 'ada', 'granted');
  head = await room.hub.control.head(keyhole);
});
afterAll(() => room.close());

const config = modelFiles['config.json']!;
const weights = modelFiles[shard]!;

describe('resolve', () => {
  it('gives a small file of a gated repository at once, with its git id as ETag', async () => {
    const answer = await room.ask(`/${keyhole}/resolve/main/config.json`, { token });
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(config)).toBe(true);
    expect(answer.headers.get('etag')).toBe(`"${gitSha1(config)}"`);
    expect(answer.headers.get('x-repo-commit')).toBe(head);
    expect(answer.headers.get('content-length')).toBe(String(config.byteLength));
    expect(answer.headers.get('content-disposition')).toContain('config.json');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const looked = await room.ask(`/${keyhole}/resolve/main/config.json`, { token, method: 'HEAD' });
    expect([looked.status, looked.headers.get('etag'), looked.headers.get('content-length'), looked.text]).toEqual([
      200,
      answer.headers.get('etag'),
      String(config.byteLength),
      '',
    ]);
  });

  it('sends a small file of an open repository through a relative 307 into its cache', async () => {
    const answer = await room.ask(`/${doorstep}/resolve/main/config.json`);
    const location = answer.headers.get('location') ?? '';
    const commit = await room.hub.control.head(doorstep);
    expect(answer.status).toBe(307);
    expect(location).toMatch(new RegExp(`^/api/resolve-cache/models/${doorstep}/${commit}/config\\.json\\?`));
    expect(location).toContain(`etag=%22${gitSha1(config)}%22`);
    const file = await room.ask(location);
    expect([file.status, file.headers.get('etag'), file.headers.get('x-repo-commit')]).toEqual([
      200,
      `"${gitSha1(config)}"`,
      commit,
    ]);
    expect(file.bytes.equals(config)).toBe(true);
  });

  it('keeps the gate on the inner address of small files too', async () => {
    const answer = await room.ask(`/api/resolve-cache/models/${keyhole}/${head}/config.json`);
    expect([answer.status, answer.headers.get('x-error-code')]).toEqual([401, 'GatedRepo']);
  });

  it('redirects a large file to the CDN and tells size and hash beside a length that is not the file', async () => {
    for (const method of ['HEAD', 'GET']) {
      const answer = await room.ask(`/${keyhole}/resolve/${head}/${shard}`, { token, method });
      const location = answer.headers.get('location') ?? '';
      expect(answer.status).toBe(302);
      expect(location).toMatch(
        new RegExp(`^${room.hub.cdnEndpoint}/xet-bridge-us/[0-9a-f]{24}/[0-9a-f]{64}\\?.*Expires=\\d+`),
      );
      expect(answer.headers.get('x-linked-size')).toBe(String(weights.byteLength));
      expect(answer.headers.get('x-linked-etag')).toBe(`"${sha256(weights)}"`);
      expect(answer.headers.get('x-repo-commit')).toBe(head);
      const xetHash = answer.headers.get('x-xet-hash') ?? '';
      expect(xetHash).toMatch(/^[0-9a-f]{64}$/);
      expect(answer.headers.get('link')).toBe(
        `<${room.hub.endpoint}/api/models/${keyhole}/xet-read-token/${head}>; rel="xet-auth", ` +
          `<${room.hub.cdnEndpoint}/cas/v1/reconstructions/${xetHash}>; rel="xet-reconstruction-info"`,
      );
      const body = `Found. Redirecting to ${location}`;
      expect(answer.headers.get('content-length')).toBe(String(body.length));
      expect(answer.text).toBe(method === 'HEAD' ? '' : body);
      expect(answer.headers.get('etag')).toBeNull();
    }
  });

  it('never gives the same link twice', async () => {
    const links = await Promise.all([1, 2, 3].map(() => room.ask(`/${keyhole}/resolve/main/${shard}`, { token })));
    expect(new Set(links.map((answer) => answer.headers.get('location'))).size).toBe(3);
  });

  it('gives Xet facts instead of a redirect when asked for them', async () => {
    const headers = { accept: 'application/vnd.xet-fileinfo+json' };
    const answer = await room.ask(`/${keyhole}/resolve/main/${shard}`, { token, headers });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ hash: answer.headers.get('x-xet-hash'), size: weights.byteLength });
  });

  it('hides length and strong ETag of text from a client that takes gzip', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await room.ask(`/${keyhole}/resolve/main/config.json`, { token, headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(config.byteLength);
    expect(answer.headers.get('etag')).toBe(`W/"${gitSha1(config)}"`);
    expect(answer.bytes.equals(config)).toBe(true);
  });

  it('reads by branch, by HEAD, by commit and by tag, and keeps an old commit after a push', async () => {
    const other = await openRoom();
    const first = await other.hub.control.head(doorstep);
    const second = await other.hub.control.commit(doorstep, { 'config.json': '{"new":true}' });
    const read = async (revision: string): Promise<string | null> =>
      (await other.ask(`/${doorstep}/resolve/${revision}/${shard}`)).headers.get('x-repo-commit');
    expect(second).not.toBe(first);
    expect(await read('main')).toBe(second);
    expect(await read('HEAD')).toBe(second);
    expect(await read(first)).toBe(first);
    const info = (await other.ask(`/api/models/${doorstep}`)).json<Info>();
    expect(info.sha).toBe(second);
    await other.close();
  });

  it('gives the pointer, not the weights, on /raw/', async () => {
    const answer = await room.ask(`/${keyhole}/raw/main/${shard}`, { token });
    expect(answer.text).toBe(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(weights)}\nsize ${weights.byteLength}\n`,
    );
  });
});
