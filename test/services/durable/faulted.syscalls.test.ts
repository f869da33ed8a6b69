import { afterAll, describe, expect, test } from 'vitest';
import { type DiskFault, FaultSweep, type Outcome, type Work } from './faultSweep.ts';

const sweep = new FaultSweep();
afterAll(() => sweep.end());

const kinds = ['SIGKILL', 'ENOSPC', 'EIO'] as const;

/** A part of all faults, as many of each kind, spread over the calls; another part with another seed. */
function sample(faults: readonly DiskFault[], most: number, seed: number): readonly DiskFault[] {
  return kinds.flatMap((kind) => {
    const these = faults.filter((fault) => fault.do === kind);
    const count = Math.min(Math.ceil(most / kinds.length), these.length);
    const step = these.length / count;
    return Array.from({ length: count }, (_, index) => {
      const within = Math.abs(Math.sin(seed * 1000 + index)) * step;
      return these[Math.min(these.length - 1, Math.floor(index * step + within))]!;
    });
  });
}

async function meet(work: Work, most: number, seed = 7): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const fault of sample(await sweep.faults(work), most, seed)) outcomes.push(await sweep.meet(work, fault));
  return outcomes;
}

describe('a fault at any system call that changes the disk', () => {
  test.each(['state', 'publish-links', 'publish-files'] as const)(
    '%s: the old bytes or the new ones, and the next run ends well',
    { timeout: 600_000 },
    async (work) => {
      const outcomes = await meet(work, 12);
      expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
      // The faults are met, and said by name.
      const ends = new Set(outcomes.map(({ end }) => end));
      expect([...ends]).toEqual(expect.arrayContaining(['killed', 'failed ENOSPC', 'failed EIO']));
    },
  );

  test.each(['naive-state', 'naive-publish'] as const)(
    '%s, which writes straight to the final name, does not stand that',
    { timeout: 300_000 },
    async (work) => {
      const outcomes = await meet(work, 6);
      expect(outcomes.filter(({ wrong }) => wrong.length > 0).length).toBeGreaterThan(0);
    },
  );
});
