/** Which thread writes: the window's own while the disk keeps up, others while the disk makes its writers wait. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocks, blockSize } from './slowDiskBlocks.ts';

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'slow-disk-'));
});
afterAll(() => rmSync(room, { recursive: true, force: true }));

/** Writes by the first thread and by others, with every write held up for so long; the bytes are looked at. */
function written(delayMs: number): { readonly byFirst: number; readonly byOthers: number } {
  const [path, log] = [join(room, 'data'), join(room, 'calls')];
  rmSync(path, { force: true });
  const slow = delayMs > 0 ? ['-e', `inject=pwrite64:delay_enter=${String(delayMs * 1000)}`] : [];
  const command = [process.execPath, join(import.meta.dirname, 'slowDiskChild.ts'), path];
  const { status, stderr } = spawnSync(
    'strace',
    ['-f', '--seccomp-bpf', '-o', log, '-e', 'trace=execve,pwrite64', ...slow, ...command],
    { encoding: 'utf8', timeout: 60_000 },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const data = readFileSync(path);
  expect(data.length).toBe(blocks * blockSize);
  for (let at = 0; at < data.length; at += 1) if (data[at] !== Math.floor(at / blockSize) + 1) expect(at).toBe(-1);
  const lines = readFileSync(log, 'utf8').split('\n');
  const first = lines[0]?.split(' ')[0] ?? '';
  const writes = lines.filter((line) => /^\d+ +pwrite64\(/.test(line));
  const byFirst = writes.filter((line) => line.startsWith(`${first} `)).length;
  return { byFirst, byOthers: writes.length - byFirst };
}

test('a disk that keeps up is written to without another thread', { timeout: 60_000 }, () => {
  // A busy machine can hold a write up as a slow disk does, but not every time.
  const byOthers = Array.from({ length: 5 }, () => written(0)).map((run) => run.byOthers);
  expect(Math.min(...byOthers)).toBe(0);
});

test('a disk that is behind holds up other threads, not the one of the window', { timeout: 60_000 }, () => {
  const { byFirst, byOthers } = written(60);
  expect(byFirst + byOthers).toBe(blocks);
  expect(byFirst).toBeGreaterThan(0); // it asks again whether the disk keeps up, ever more rarely
  expect(byFirst).toBeLessThan(blocks / 4);
});
