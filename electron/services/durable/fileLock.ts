import { stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { openFile } from './files.ts';

/** Held until released or until the process ends, however it ends. */
export interface FileLock {
  release(): void;
}

const busy = 5; // SQLITE_BUSY

/** Inode as text, or undefined when the file is not there. */
async function identity(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    (facts) => `${String(facts.dev)} ${String(facts.ino)}`,
    () => undefined,
  );
}

/**
 * Takes an exclusive lock of the operating system on a small file (made if absent), or answers `undefined` while another
 * process, on whatever data folder or in whatever container, has it. Node offers no such lock; SQLite takes one on every
 * system (fcntl, LockFileEx) and the kernel frees it. A file system that knows no locks gives a lock that guards nothing:
 * what it protects must stay correct without it. Rejects when the file cannot be made.
 */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await (await openFile(path, 0o666)).close();
    const before = await identity(path);
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      const held = error instanceof Error && 'errcode' in error && error.errcode === busy;
      database.close();
      return held ? undefined : { release: () => undefined };
    }
    // Whoever had the lock may have removed the file with its folder: then this is the lock of nothing.
    if (before !== undefined && (await identity(path)) === before) return { release: () => database.close() };
    database.close();
  }
  return undefined;
}
