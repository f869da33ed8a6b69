import { afterAll, describe, expect, it } from 'vitest';
import { type Aftermath, type Kill, KillRoom } from './killSweep.ts';

const room = new KillRoom();
afterAll(() => room.end());

describe('a preparation that is killed while it changes the disk', () => {
  it(
    'leaves a whole model or none, and what else it left is gone after the next start',
    { timeout: 240_000 },
    async () => {
      const job = { mode: 'careful', source: room.source } as const;
      const all = room.kills(job);
      expect(all.length).toBeGreaterThan(40);
      // Every kind of call is met, the decisive ones each time: renames give final names. Node's own mkdir is the first.
      const sample = all.filter(
        ({ call, nth }, i) =>
          call === 'rename' || (call !== 'unlink' && nth === (call === 'mkdir' ? 2 : 1)) || i % 24 === 0,
      );
      const found: (Aftermath & { kill: Kill })[] = [];
      for (const kill of sample) found.push({ kill, ...(await room.kill(job, kill)) });
      expect(
        found.filter(({ half, left, sourceTouched }) => half.length > 0 || left.length > 0 || sourceTouched),
      ).toEqual([]);
      expect(found.filter(({ killed }) => killed).length).toBe(sample.length);
      expect(found.reduce((sum, { swept }) => sum + swept, 0)).toBeGreaterThan(3);
    },
  );

  it('which a copy straight to the final name does not', { timeout: 120_000 }, async () => {
    const job = { mode: 'naive', source: room.prepared() } as const;
    let half = 0;
    for (const kill of room.kills(job).filter((_, i) => i % 4 === 1)) half += (await room.kill(job, kill)).half.length;
    expect(half).toBeGreaterThan(0);
  });
});
