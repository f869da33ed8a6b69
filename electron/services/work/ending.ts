import type { WorkerExit } from '../ports.ts';

/** What the system does to a process when memory runs out (kill), and what V8 and Chromium do when they get none. */
const memorySignals: readonly string[] = ['SIGKILL', 'SIGABRT', 'SIGTRAP'];

/** The same on Windows: Chromium's own exception, no memory, no more of what the page file allows, Node's own abort. */
const memoryCodes: readonly number[] = [0xe000_0008, 0xc000_0017, 0xc000_012d, 134];

/** Whether a process that ended in this way ran out of memory, as far as an ending can tell. */
export function ranOutOfMemory({ code, signal }: WorkerExit): boolean {
  return signal === undefined ? code !== null && memoryCodes.includes(code >>> 0) : memorySignals.includes(signal);
}

/** The ending in words for a report. */
export function endingIn({ code, signal }: WorkerExit): string {
  return signal === undefined ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
}
