import { describe, expect, it } from 'vitest';
import type { WorkerExit } from '../../../electron/services/ports.ts';
import { endingIn, ranOutOfMemory } from '../../../electron/services/work/ending.ts';

describe('the end of a worker', () => {
  it.each<[WorkerExit, boolean, string]>([
    [{ code: null, signal: 'SIGKILL' }, true, 'signal SIGKILL'],
    [{ code: null, signal: 'SIGABRT' }, true, 'signal SIGABRT'],
    [{ code: null, signal: 'SIGTRAP' }, true, 'signal SIGTRAP'], // Chromium, for a piece of memory it cannot give
    [{ code: null, signal: 'SIGSEGV' }, false, 'signal SIGSEGV'],
    [{ code: 0xe000_0008 }, true, 'exit code 3758096392'], // Windows
    [{ code: 0xe000_0008 | 0 }, true, 'exit code -536870904'],
    [{ code: 0xc000_0005 }, false, 'exit code 3221225477'],
    [{ code: 134 }, true, 'exit code 134'],
    [{ code: 1 }, false, 'exit code 1'],
    [{ code: null }, false, 'exit code unknown'],
  ])('%j', (exit, memory, words) => {
    expect(ranOutOfMemory(exit)).toBe(memory);
    expect(endingIn(exit)).toBe(words);
  });
});
