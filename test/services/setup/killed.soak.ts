import { afterAll, expect, it } from 'vitest';
import { KillRoom } from './killSweep.ts';

const room = new KillRoom();
afterAll(() => room.end());

it('a preparation killed at every single call that changes the disk', async () => {
  const job = { mode: 'careful', source: room.source } as const;
  const all = room.kills(job);
  const tally = { kills: 0, whole: 0, swept: 0 };
  const wrong: unknown[] = [];
  for (const kill of all) {
    const found = await room.kill(job, kill);
    tally.kills += found.killed ? 1 : 0;
    tally.whole += found.models;
    tally.swept += found.swept;
    if (found.half.length > 0 || found.left.length > 0 || found.sourceTouched) wrong.push({ kill, ...found });
  }
  process.stdout.write(`${JSON.stringify(tally)} of ${all.length}\n`);
  expect(wrong).toEqual([]);
  expect(tally.kills).toBe(all.length);
});
