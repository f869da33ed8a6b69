import { afterAll, expect, test } from 'vitest';
import { FaultSweep, type Outcome } from './faultSweep.ts';

const sweep = new FaultSweep();
afterAll(() => sweep.end());

test.each(['state', 'publish-links', 'publish-files'] as const)(
  '%s with a SIGKILL, a full and a broken disk at every single call that changes the disk',
  async (work) => {
    const faults = await sweep.faults(work);
    const ends: Record<string, number> = {};
    const wrong: Outcome[] = [];
    for (const fault of faults) {
      const outcome = await sweep.meet(work, fault);
      ends[outcome.end] = (ends[outcome.end] ?? 0) + 1;
      if (outcome.wrong.length > 0) wrong.push(outcome);
    }
    process.stdout.write(`${work}: ${String(faults.length)} faults, ${JSON.stringify(ends)}\n`);
    expect(wrong).toEqual([]);
  },
);
