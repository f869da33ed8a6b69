import { expect, test } from 'vitest';
import { patiently } from '../../../electron/services/durable/patiently.ts';

/** Fails so often before it succeeds. */
function failing(times: number, code: string) {
  let tries = 0;
  const waits: number[] = [];
  return {
    waits,
    tries: () => tries,
    deed: async () => {
      tries += 1;
      if (tries <= times) throw Object.assign(new Error(code), { code });
      return 'done';
    },
    wait: async (ms: number) => void waits.push(ms),
  };
}

test('a file that a scanner holds is tried again on Windows, for ten seconds at most', async () => {
  const brief = failing(2, 'EPERM');
  expect(await patiently(brief.deed, { platform: 'win32', wait: brief.wait })).toBe('done');
  expect(brief.waits).toHaveLength(2);
  const endless = failing(Infinity, 'EBUSY');
  await expect(patiently(endless.deed, { platform: 'win32', wait: endless.wait })).rejects.toThrow('EBUSY');
  const total = endless.waits.reduce((sum, ms) => sum + ms, 0);
  expect(total).toBeGreaterThan(9000);
  expect(total).toBeLessThan(11_000);
});

test('a full disk, and a refusal on another system, are told at once', async () => {
  const full = failing(1, 'ENOSPC');
  await expect(patiently(full.deed, { platform: 'win32', wait: full.wait })).rejects.toThrow('ENOSPC');
  const refused = failing(1, 'EACCES');
  await expect(patiently(refused.deed, { platform: 'linux', wait: refused.wait })).rejects.toThrow('EACCES');
  expect([full.tries(), refused.tries()]).toEqual([1, 1]);
});
