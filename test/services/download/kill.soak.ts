import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KillRoom, openKillRoom, tail } from './killRoom.ts';

const kills = Number(process.env['KILLS'] ?? 1000);

let room: KillRoom;
beforeAll(async () => {
  room = await openKillRoom(1000);
});
afterAll(() => room.close());

test(`${String(kills)} kills at random moments of downloads`, async () => {
  const tally = await room.sweep(kills);
  process.stdout.write(`${JSON.stringify(tally)}; a kill may cost ${String(tail)} bytes\n`);
  expect(tally.wrong).toEqual([]);
  expect(tally.kills).toBe(kills);
  expect(tally.worst).toBeLessThanOrEqual(tail);
});
