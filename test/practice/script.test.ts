import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, faultVerbs } from '../../electron/practice/hub/faults.ts';
import { doorstep, modelFiles, openRoom, type Room, shard } from './practiceRoom.ts';
import { rawGet } from './rawAnswer.ts';

let room: Room;
beforeEach(async () => {
  room = await openRoom();
});
afterEach(() => room.close());

const weights = modelFiles[shard]!;
const file = `/${doorstep}/resolve/main/${shard}`;
const link = async (): Promise<string> => (await room.ask(file)).headers.get('location') ?? '';

describe('the script', () => {
  it('counts: nth alone hits once, times hits so often, neither hits always', async () => {
    const statuses = async (fault: Omit<Fault, 'match' | 'do'>): Promise<string> => {
      room.hub.control.clearScript();
      room.hub.control.script([{ match: 'GET /api/models/', do: '5xx', ...fault }]);
      const seen: number[] = [];
      for (let index = 0; index < 5; index++)
        seen.push((await room.ask(`/api/models/${doorstep}?expand[]=sha`)).status);
      return seen.map((status) => (status === 503 ? 'x' : '.')).join('');
    };
    expect(await statuses({})).toBe('xxxxx');
    expect(await statuses({ nth: 2 })).toBe('.x...');
    expect(await statuses({ nth: 2, times: 3 })).toBe('.xxx.');
    expect(await statuses({ times: 2 })).toBe('xx...');
    expect(await statuses({ nth: 4, times: Infinity })).toBe('...xx');
  });

  it('uses the first fault that matches, keeps to its port, and can be taken back', async () => {
    const { control } = room.hub;
    const undo = control.script([{ match: /^GET .*resolve/, port: 'hub', do: '404' }]);
    control.script([
      { match: 'resolve', port: 'hub', do: '401' },
      { match: /./, port: 'cdn', do: '404' },
    ]);
    expect((await room.ask(file)).status).toBe(404);
    undo();
    expect((await room.ask(file)).status).toBe(401);
    expect((await room.ask(`/api/models/${doorstep}`)).status).toBe(200);
    control.clearScript();
    expect((await room.ask(file)).status).toBe(302);
  });

  it('knows every verb of the fault plan', () => {
    expect(faultVerbs).toHaveLength(29);
  });
});

describe('pace', () => {
  it('spreads bytes over time and waits before answers', async () => {
    const url = await link();
    room.hub.control.setPace({ bytesPerSecond: 1_000_000, delayMilliseconds: 100 });
    const answer = await rawGet(url);
    expect(answer.body.equals(weights)).toBe(true);
    expect(answer.endedAfter).toBeGreaterThan(100 + 270);
  });
});

describe('the record', () => {
  it('keeps port, method, path, headers, status and bytes of every request', async () => {
    room.hub.control.forgetRequests();
    const url = await link();
    await rawGet(url, { headers: { range: 'bytes=0-99', 'user-agent': 'test' } });
    expect(
      room.hub.requests.map(({ port, method, status, bytesSent, finished }) => ({
        port,
        method,
        status,
        bytesSent,
        finished,
      })),
    ).toEqual([
      { port: 'hub', method: 'GET', status: 302, bytesSent: expect.any(Number), finished: true },
      { port: 'cdn', method: 'GET', status: 206, bytesSent: 100, finished: true },
    ]);
    expect(room.hub.requests[1]?.headers).toMatchObject({ range: 'bytes=0-99', 'user-agent': 'test' });
    expect(room.hub.requests[1]?.path).toBe(new URL(url).pathname + new URL(url).search);
  });

  it('says when an answer was cut', async () => {
    const url = await link();
    room.hub.control.script([{ match: '/xet-bridge-us/', port: 'cdn', do: 'reset', atByte: 500 }]);
    await rawGet(url);
    expect(room.hub.requests.at(-1)).toMatchObject({ port: 'cdn', finished: false, bytesSent: 500, fault: 'reset' });
  });

  it('keeps only the newest requests', async () => {
    const small = await openRoom({ keepRequests: 8 });
    for (let index = 0; index < 30; index++) await small.ask('/api/whoami-v2');
    expect(small.hub.requests.length).toBeLessThanOrEqual(8);
    await small.close();
  });
});
