import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorstep, keyhole, modelFiles, openRoom, type Room, sha256, shard } from './practiceRoom.ts';

let room: Room;
let token: string;
beforeAll(async () => {
  room = await openRoom();
  token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
  room.hub.control.setRequestState(keyhole, 'ada', 'granted');
});
afterAll(() => room.close());

const weights = modelFiles[shard]!;

describe('the CDN', () => {
  const link = async (): Promise<string> =>
    (await room.ask(`/${keyhole}/resolve/main/${shard}`, { token })).headers.get('location') ?? '';

  it('gives the whole file, with an ETag of its own', async () => {
    const answer = await room.ask(await link());
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(weights)).toBe(true);
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('etag')).not.toContain(sha256(weights));
    expect(answer.headers.get('ratelimit')).toBeNull();
  });

  const size = weights.byteLength;
  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=100-199', 206, 100, 200],
    ['bytes=299000-', 206, 299_000, size],
    [`bytes=${size - 1}-`, 206, size - 1, size],
    ['bytes=-10', 206, size - 10, size],
    ['bytes=10-99999999', 206, 10, size],
    ['bytes=5-4', 200, 0, size],
    ['bytes=0-1,5-6', 200, 0, size],
    ['lines=0-1', 200, 0, size],
  ])('%s', async (range, status, start, end) => {
    const answer = await room.ask(await link(), { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/${size}` : null);
    expect(answer.headers.get('content-length')).toBe(String(end - start));
    expect(answer.bytes.equals(weights.subarray(start, end))).toBe(true);
  });

  it.each([`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0'])('%s is outside: 416', async (range) => {
    const answer = await room.ask(await link(), { headers: { range } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
  });

  it('honours If-Range with its own ETag and sends all when the file changed', async () => {
    const url = await link();
    const etag = (await room.ask(url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const same = await room.ask(url, { headers: { range: 'bytes=10-', 'if-range': etag } });
    expect([same.status, same.bytes.byteLength]).toEqual([206, size - 10]);
    const other = await room.ask(url, { headers: { range: 'bytes=10-', 'if-range': '"other"' } });
    expect([other.status, other.bytes.byteLength]).toEqual([200, size]);
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const answer = await room.ask(await link(), { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), answer.bytes.byteLength]).toEqual([
      200,
      String(size),
      0,
    ]);
  });

  it('refuses a link after its time, a changed one and one that was ended, in XML', async () => {
    const other = await openRoom();
    const get = async (): Promise<string> =>
      (await other.ask(`/${doorstep}/resolve/main/${shard}`)).headers.get('location') ?? '';
    const refused = async (url: string): Promise<readonly [number, string | null, boolean]> => {
      const answer = await other.ask(url);
      return [answer.status, answer.headers.get('content-type'), answer.text.includes('<Code>AccessDenied</Code>')];
    };
    const no = [403, 'application/xml', true] as const;
    const old = await get();
    expect((await other.ask(old)).status).toBe(200);
    other.pass(3599);
    expect((await other.ask(old)).status).toBe(200);
    other.pass(1);
    expect(await refused(old)).toEqual(no);
    expect(await refused((await get()).replace(/Expires=\d+/, 'Expires=99999999999'))).toEqual(no);
    expect(
      await refused((await get()).replace(/xet-bridge-us\/[0-9a-f]{24}/, `xet-bridge-us/${'0'.repeat(24)}`)),
    ).toEqual(no);
    const ended = await get();
    other.hub.control.expireLinks();
    expect(await refused(ended)).toEqual(no);
    expect((await other.ask(await get())).status).toBe(200);
    await other.close();
  });

  it('notes and refuses an access token that comes along', async () => {
    const other = await openRoom();
    const url = (await other.ask(`/${doorstep}/resolve/main/${shard}`)).headers.get('location') ?? '';
    await other.ask(url);
    expect(other.hub.authorizationAtCdn).toHaveLength(0);
    expect((await other.ask(url, { token: 'hf_leak' })).status).toBe(400);
    expect(other.hub.authorizationAtCdn.map((one) => one.headers['authorization'])).toEqual(['Bearer hf_leak']);
    await other.close();
  });
});
