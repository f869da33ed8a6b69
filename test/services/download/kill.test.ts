import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KillRoom, openKillRoom, tail } from './killRoom.ts';

let room: KillRoom;
beforeAll(async () => {
  room = await openKillRoom(1);
});
afterAll(() => room.close());

test(
  'twenty kills at random moments lose no proved byte and never more than the tail',
  { timeout: 300_000 },
  async () => {
    const tally = await room.sweep(20);
    console.log(`${JSON.stringify(tally)}; a kill may cost ${String(tail)} bytes`);
    expect(tally.wrong).toEqual([]);
    expect(tally.kills).toBe(20);
    expect(tally.worst).toBeLessThanOrEqual(tail);
  },
);

test('the same kills do break a downloader that trusts the length of its file', { timeout: 300_000 }, async () => {
  expect(await room.naive(20)).toBe(true);
});
