import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../electron/practice/hub/faults.ts';
import { doorstep, gitSha1, keyhole, modelFiles, openRoom, type Room, sha256, shard } from './practiceRoom.ts';
import { type RawAnswer, rawGet } from './rawAnswer.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const weights = modelFiles[shard]!;
const size = weights.byteLength;
const file = `/${doorstep}/resolve/main/${shard}`;
const link = async (): Promise<string> => (await room.ask(file)).headers.get('location') ?? '';
/** The CDN's answer while this fault is on. */
const faulty = async (
  fault: Omit<Fault, 'match'>,
  headers: Record<string, string> = {},
  patience?: number,
): Promise<RawAnswer> => {
  const url = await link();
  room.hub.control.script([{ match: '/xet-bridge-us/', port: 'cdn', ...fault }]);
  return rawGet(url, { headers, ...(patience !== undefined && { patience }) });
};
const part = { range: 'bytes=1000-1999' };

describe('faults of the connection', () => {
  it('reset without a position answers nothing', async () => {
    const answer = await faulty({ do: 'reset' });
    expect([answer.end, answer.headerBytes]).toEqual(['reset', -1]);
  });

  it('reset also breaks a kept connection whose answer before is not quite put away', async () => {
    const { host, hostname, port, pathname, search } = new URL(await link());
    room.hub.control.script([{ match: '/xet-bridge-us/', port: 'cdn', nth: 2, do: 'reset', atByte: 500 }]);
    const socket = connect(Number(port), hostname);
    const ask = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nRange: bytes=0-999\r\n\r\n`;
    // Two at once: the second is being answered while the first still has the connection.
    socket.write(ask + ask);
    socket.resume();
    const failure = await once(socket, 'close').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it('fin without a position answers nothing', async () => {
    const answer = await faulty({ do: 'fin' });
    expect([answer.end, answer.headerBytes]).toEqual(['closed', -1]);
  });

  it.each(['reset', 'fin'] as const)('%s comes after exactly so many bytes of a promised whole', async (verb) => {
    for (const atByte of [0, 1, 65_536, size - 1]) {
      room.hub.control.clearScript();
      const answer = await faulty({ do: verb, atByte });
      expect([answer.end, answer.status, answer.headers['content-length']]).toEqual([
        verb === 'fin' ? 'closed' : 'reset',
        200,
        String(size),
      ]);
      expect(answer.body.equals(weights.subarray(0, atByte))).toBe(true);
    }
  });

  it('stall sends so much and then nothing, with the connection open', async () => {
    const answer = await faulty({ do: 'stall', atByte: 5000 }, {}, 400);
    expect([answer.end, answer.body.byteLength]).toEqual(['silence', 5000]);
    const short = await faulty({ do: 'stall', atByte: 5000 }, {}, 400);
    expect(short.end).toBe('silence');
  });

  it('stall with an end goes on', async () => {
    const answer = await faulty({ do: 'stall', atByte: 5000, seconds: 0.2 });
    expect([answer.end, answer.body.equals(weights)]).toEqual(['closed', true]);
    expect(answer.endedAfter).toBeGreaterThan(190);
  });

  it('drip sends at its speed from its position on', async () => {
    const url = await link();
    room.hub.control.script([{ match: '/xet-bridge', do: 'drip', atByte: size - 40, bytesPerSecond: 100 }]);
    const answer = await rawGet(url);
    expect(answer.body.equals(weights)).toBe(true);
    expect(answer.endedAfter).toBeGreaterThan(350);
  });

  it('slow-headers dribbles the headers', async () => {
    const answer = await faulty({ do: 'slow-headers', seconds: 0.4 }, part);
    expect([answer.status, answer.body.equals(weights.subarray(1000, 2000))]).toEqual([206, true]);
    expect(answer.headersAfter).toBeGreaterThan(330);
  });

  it('header-bomb sends more headers than any client takes', async () => {
    const answer = await faulty({ do: 'header-bomb' });
    expect(answer.headerBytes).toBeGreaterThan(200_000);
    await expect(fetch(await link())).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_OVERFLOW' } });
  });
});

describe('faults of the body', () => {
  it('truncate is short and says so, though the range promises all', async () => {
    const answer = await faulty({ do: 'truncate', atByte: 100 }, part);
    expect([answer.end, answer.status, answer.body.byteLength]).toEqual(['closed', 206, 100]);
    expect([answer.headers['content-length'], answer.headers['content-range']]).toEqual([
      '100',
      `bytes 1000-1999/${size}`,
    ]);
  });

  it('flip turns one bit and nothing else', async () => {
    const answer = await faulty({ do: 'flip', atByte: 7 });
    const different = [...answer.body].flatMap((byte, at) => (byte === weights[at] ? [] : [at]));
    expect([answer.body.byteLength, different, answer.body[7]]).toEqual([size, [7], weights[7]! ^ 1]);
    const middle = await room.ask(await link());
    expect(sha256(middle.bytes)).not.toBe(sha256(weights));
    expect(room.hub.requests.at(-1)?.fault).toBe('flip');
  });

  it('wrong-length promises more or less than it sends', async () => {
    const more = await faulty({ do: 'wrong-length', by: 10 });
    expect([more.headers['content-length'], more.body.byteLength, more.end]).toEqual([
      String(size + 10),
      size,
      'closed',
    ]);
    room.hub.control.clearScript();
    const less = await faulty({ do: 'wrong-length', by: -10 });
    expect([less.headers['content-length'], less.body.byteLength]).toEqual([String(size - 10), size]);
  });

  it('no-length sends chunks', async () => {
    const answer = await faulty({ do: 'no-length' });
    expect([answer.headers['content-length'], answer.headers['transfer-encoding']]).toEqual([undefined, 'chunked']);
    expect((await room.ask(await link())).bytes.equals(weights)).toBe(true);
  });

  it('huge-length promises 2^63 bytes', async () => {
    const answer = await faulty({ do: 'huge-length' });
    expect([answer.headers['content-length'], answer.body.byteLength, answer.end]).toEqual([
      '9223372036854775808',
      size,
      'closed',
    ]);
  });

  it('gzip-lie labels plain bytes as gzip', async () => {
    const answer = await faulty({ do: 'gzip-lie' }, { 'accept-encoding': 'identity' });
    expect([answer.headers['content-encoding'], answer.body.equals(weights)]).toEqual(['gzip', true]);
  });
});

describe('faults of ranges', () => {
  it('200-for-range sends everything', async () => {
    const answer = await faulty({ do: '200-for-range' }, part);
    expect([answer.status, answer.headers['content-range'], answer.body.equals(weights)]).toEqual([
      200,
      undefined,
      true,
    ]);
  });

  it('206-wrong-total lies about the size of the file', async () => {
    const answer = await faulty({ do: '206-wrong-total', by: 5 }, part);
    expect([answer.status, answer.headers['content-range']]).toEqual([206, `bytes 1000-1999/${size + 5}`]);
  });

  it.each([
    [{ range: 'bytes=1000-1999' }, 1001, 2001],
    [{ range: `bytes=1000-${size - 1}` }, 999, size - 1],
  ])('wrong-range sends another part than %o and says so', async (headers, start, end) => {
    const answer = await faulty({ do: 'wrong-range' }, headers);
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end - 1}/${size}`);
    expect(answer.body.equals(weights.subarray(start, end))).toBe(true);
  });

  it('416 refuses the range', async () => {
    const answer = await faulty({ do: '416' }, part);
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */0']);
  });
});

describe('faults in what the Hub says', () => {
  const hubFault = (fault: Omit<Fault, 'match'>, match: string | RegExp = 'resolve'): void => {
    room.hub.control.script([{ match, port: 'hub', ...fault }]);
  };

  it('new-etag announces another hash of the same shape, for small and large files', async () => {
    hubFault({ do: 'new-etag' });
    const large = (await room.ask(file)).headers.get('x-linked-etag');
    expect(large).toMatch(/^"[0-9a-f]{64}"$/);
    expect(large).not.toBe(`"${sha256(weights)}"`);
    const token = room.hub.control.createToken({ account: 'carol', kind: 'read' });
    const small = (await room.ask(`/${keyhole}/resolve/main/config.json`, { token })).headers.get('etag');
    expect(small).toMatch(/^"[0-9a-f]{40}"$/);
    expect(small).not.toBe(`"${gitSha1(modelFiles['config.json']!)}"`);
  });

  it('new-commit moves main before the answer; the old commit stays', async () => {
    const before = await room.hub.control.head(doorstep);
    hubFault({ do: 'new-commit', nth: 1 });
    const after = (await room.ask(file)).headers.get('x-repo-commit');
    expect(after).not.toBe(before);
    expect((await room.ask(file)).headers.get('x-repo-commit')).toBe(after);
    expect((await room.ask(file.replace('main', before))).headers.get('x-repo-commit')).toBe(before);
  });

  it('expire-url gives out a dead link, or makes the CDN refuse a good one', async () => {
    hubFault({ do: 'expire-url', nth: 1 });
    expect((await room.ask(await link())).status).toBe(403);
    expect((await room.ask(await link())).status).toBe(200);
    const refused = await faulty({ do: 'expire-url' });
    expect([refused.status, refused.body.toString().includes('Request has expired')]).toEqual([403, true]);
  });

  it.each([
    [{ do: '401' }, 401, null, 'Invalid username or password.'],
    [{ do: '403-gated' }, 403, 'GatedRepo', 'not in the authorized list'],
    [{ do: '403-terms' }, 403, 'GatedRepo', 'has been reset'],
    [{ do: '403-gated', sentence: 'Something new.' }, 403, 'GatedRepo', 'Something new.'],
    [{ do: '404' }, 404, 'EntryNotFound', 'Entry not found'],
    [{ do: '404', code: 'RevisionNotFound', sentence: 'Gone.' }, 404, 'RevisionNotFound', 'Gone.'],
    [{ do: '401', status: 451, sentence: 'By law.' }, 451, null, 'By law.'],
  ] as const)('%o', async (fault, status, code, words) => {
    hubFault(fault, /./);
    for (const path of [file, `/api/models/${doorstep}`]) {
      const answer = await room.ask(path);
      expect([answer.status, answer.headers.get('x-error-code')]).toEqual([status, code]);
      expect(answer.headers.get('x-error-message')).toContain(words);
    }
  });

  it.each([
    ['both', 'r=0;t=3', '3'],
    ['rate-limit', 'r=0;t=3', null],
    ['retry-after', 'r=1;t=3', '3'],
    ['none', 'r=1;t=3', null],
  ] as const)('429 announced by %s', async (announce, limit, after) => {
    hubFault({ do: '429', seconds: 3, announce });
    const answer = await room.ask(file);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, after]);
    expect(answer.headers.get('ratelimit')).toContain(limit);
  });

  it('5xx is a page, with the status wanted', async () => {
    hubFault({ do: '5xx', status: 502 });
    const answer = await room.ask(file);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
  });

  it('html-portal answers 200 without any mark of the Hub', async () => {
    hubFault({ do: 'html-portal' }, /./);
    const answer = await room.ask('/api/whoami-v2');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('x-request-id')).toBeNull();
    expect(answer.headers.get('ratelimit')).toBeNull();
  });

  it('redirects go in a circle, elsewhere, or to plain http', async () => {
    const where = async (verb: Fault['do'], url?: string): Promise<string | null> => {
      room.hub.control.clearScript();
      hubFault({ do: verb, ...(url !== undefined && { url }) });
      return (await room.ask(file)).headers.get('location');
    };
    expect(await where('redirect-loop')).toBe(file);
    expect(await where('redirect-foreign')).toBe(`https://elsewhere.invalid${file}`);
    expect(await where('redirect-foreign', 'https://evil.invalid/x')).toBe('https://evil.invalid/x');
    expect(await where('redirect-http')).toBe(`http://insecure.invalid${file}`);
  });
});
