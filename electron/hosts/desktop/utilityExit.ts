import { constants } from 'node:os';
import type { WorkerExit } from '../../services/ports.ts';

/** Endings that a process of ours does not choose for itself, by their numbers. */
const fatal = (['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV'] as const).map(
  (name) => [constants.signals[name], name] as const,
);

/** Set by the system beside the signal when it wrote a core file. */
const coreWritten = 0x80;

/**
 * What the number says that Electron gives when a utility process has ended. Where there are signals it is the bare
 * answer of `waitpid` for a process that a signal ended: 9 for SIGKILL, 6 or 134 for SIGABRT. (A process that ended
 * itself with such a number could not be told from it; ours end with 0 or 1.)
 */
export function exitOfUtility(code: number, platform: NodeJS.Platform = process.platform): WorkerExit {
  const signal = platform === 'win32' ? undefined : fatal.find(([number]) => number === (code & ~coreWritten))?.[1];
  return signal === undefined ? { code } : { code: null, signal };
}
