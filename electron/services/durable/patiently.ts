import { setTimeout as pause } from 'node:timers/promises';

/** What Windows says of a file that somebody else has open: a virus scanner, the search, a backup. */
const held: readonly (string | undefined)[] = ['EPERM', 'EACCES', 'EBUSY'];

/** Waits between tries, ms: a scanner takes less than a second, a backup may take some. Ten seconds in all. */
const waits = [10, 20, 50, 100, 200, 400, 800, 1600, 3000, 4000];

/** Does something to a file again while somebody else holds it, on Windows, where that is an error. Rejects as `deed` does. */
export async function patiently<Value>(
  deed: () => Promise<Value>,
  { platform = process.platform, wait = (ms: number): Promise<unknown> => pause(ms) } = {},
): Promise<Value> {
  for (const ms of platform === 'win32' ? waits : []) {
    try {
      return await deed();
    } catch (error) {
      if (!held.includes((error as NodeJS.ErrnoException).code)) throw error;
      await wait(ms);
    }
  }
  return deed();
}
