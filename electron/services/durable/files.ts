/**
 * The one module that writes files. Everything the app keeps goes through these verbs, so that a power cut or a full
 * disk can only ever leave the old bytes or the new ones under a final name. Nothing here knows what the bytes mean.
 */
import { randomBytes } from 'node:crypto';
import { constants, mkdirSync, rmSync, writeSync } from 'node:fs';
import {
  copyFile as copy,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDecoration } from './decoration.ts';
import { patiently } from './patiently.ts';

/** On Windows a virus scanner or the search holds what was just written for a moment, and nothing of it can be removed. */
const removal = { maxRetries: 10, retryDelay: 100 } as const;

const temporaryName = (): string => `.${randomBytes(6).toString('hex')}.tmp`;

/** What went wrong before is the news; a temporary that cannot go now goes at the next start. */
const discard = (temporary: string): Promise<void> => rm(temporary, { force: true }).catch(() => undefined);

/** A file being filled at positions; not under its final name yet. */
export interface OpenFile {
  readonly path: string;
  /** For `writeAt` on other threads of this process; dead once the file is closed. */
  readonly descriptor: number;
  /** Writes all of `data` at `position` (bytes from the start); at once, as long as the disk keeps up. */
  write(data: Uint8Array, position: number): Promise<void>;
  /** Reads `into.length` bytes at `position`; answers how many there were (fewer only at the end of the file). */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(bytes: number): Promise<void>;
  /** Length in bytes right now. */
  size(): Promise<number>;
  /** As sync, without waiting for times and owners to be written. */
  syncData(): Promise<void>;
  /** Returns only after the bytes are on the device. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

// The system's page cache takes 256 KiB in a tenth of a millisecond: sooner than another thread wakes. Threads that write
// into one file also wait for each other. Both together were a fifth of the processor time of a fast download.
const quickMs = 25; // a frame or two of the window
const [leastRestMs, mostRestMs] = [50, 4000];

function opened(path: string, handle: FileHandle): OpenFile {
  // A disk that is behind makes its writers wait: then others wait, and this thread goes on with the window.
  let rest = leastRestMs;
  let slowUntil = 0;
  return {
    path,
    descriptor: handle.fd,
    async write(data, position) {
      const started = performance.now();
      if (started >= slowUntil) {
        writeAt(handle.fd, data, position);
        const ended = performance.now();
        const slow = ended - started > quickMs;
        rest = slow ? Math.min(rest * 2, mostRestMs) : Math.max(rest * 0.75, leastRestMs);
        if (slow) slowUntil = ended + rest;
        return;
      }
      for (let done = 0; done < data.length;) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    },
    async read(into, position) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    truncate: (bytes) => handle.truncate(bytes),
    size: async () => (await handle.stat()).size,
    syncData: () => handle.datasync(),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

/** Writes all of `data` at `position` of an open file and waits for it. */
export function writeAt(descriptor: number, data: Uint8Array, position: number): void {
  for (let done = 0; done < data.length;) {
    done += writeSync(descriptor, data, done, data.length - done, position + done);
  }
}

/** Makes a new empty file (mode 0600 unless said otherwise); fails with EEXIST if the name is taken. */
export async function createFile(path: string, mode = 0o600): Promise<OpenFile> {
  return opened(path, await open(path, 'wx+', mode));
}

/** Opens a file for reading and writing in place, making it if absent. For data whose validity is proved elsewhere. */
export async function openFile(path: string, mode = 0o600): Promise<OpenFile> {
  return opened(path, await open(path, constants.O_RDWR | constants.O_CREAT, mode));
}

/** Makes the entries of a folder durable. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives a finished file or folder its final name and makes that durable; replaces a file that stood there. */
export async function publish(temporary: string, final: string): Promise<void> {
  await patiently(() => rename(temporary, final));
  await syncFolder(dirname(final));
}

/**
 * Replaces a whole file: temporary beside it, write, fsync, rename, fsync folder. `stage` names another folder of the
 * same file system for the temporary, for folders whose every entry means something to somebody else.
 */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
  stage = dirname(path),
): Promise<void> {
  const temporary = join(stage, temporaryName());
  const file = await createFile(temporary, mode);
  try {
    try {
      await file.write(typeof data === 'string' ? Buffer.from(data) : data, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw error;
  }
}

/** Makes `path` a symbolic link to `target` (as written), atomically replacing what stood there; staged in `stage`. */
export async function replaceLink(path: string, target: string, stage = dirname(path)): Promise<void> {
  const temporary = join(stage, temporaryName());
  try {
    await symlink(target, temporary);
    await publish(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw error;
  }
}

/** Whether this folder's file system and this account can make symbolic links (Windows often cannot). */
export async function linksWork(folder: string): Promise<boolean> {
  const probe = join(folder, temporaryName());
  try {
    await symlink('target', probe);
    return (await readlink(probe)) === 'target';
  } catch {
    return false;
  } finally {
    await discard(probe);
  }
}

/** Copies a whole file to a final name: staged in `stage` (same file system as `to`), synced, then renamed. */
export async function copyFile(from: string, to: string, stage: string): Promise<void> {
  const temporary = join(stage, temporaryName());
  try {
    await copy(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(temporary, to);
  } catch (error) {
    await discard(temporary);
    throw error;
  }
}

/** Makes a folder and its parents; answers whether anything was made. */
export async function makeFolder(path: string, mode = 0o700): Promise<boolean> {
  return (await mkdir(path, { recursive: true, mode })) !== undefined;
}

/** The same for the one moment when nothing can be waited for: before Electron is ready. */
export function makeFolderSync(path: string, mode = 0o700): void {
  mkdirSync(path, { recursive: true, mode });
}

/** Removes a file or a whole folder; absent is fine. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, ...removal });
}

/** As removeTree, for the last moment of a process; what cannot be removed then stays. */
export function removeTreeSync(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, ...removal });
  } catch {
    // nobody is left to be told
  }
}

/** Removes what killed writers left directly in a folder of which this process is the only writer. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (/^\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Removes a folder that holds nothing, or what a file manager left; false when it holds more or is not there. */
export async function removeEmptyFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  if (names.every(isDecoration)) for (const name of names) await removeTree(join(path, name));
  return rmdir(path).then(
    () => true,
    () => false,
  );
}

/** Removes a file at once; absent is fine. For the moment in which nobody can wait. */
export function removeFileSync(path: string): void {
  rmSync(path, { force: true });
}
