/**
 * The one module that writes files. Everything the app keeps goes through these verbs, so that a power cut or a full
 * disk can only ever leave the old bytes or the new ones under a final name. Nothing here knows what the bytes mean.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file being filled at positions; not under its final name yet. */
export interface OpenFile {
  readonly path: string;
  /** Writes all of `data` at `position` (bytes from the start). */
  write(data: Uint8Array, position: number): Promise<void>;
  /** Reads up to `into.length` bytes at `position`; answers how many. */
  read(into: Uint8Array, position: number): Promise<number>;
  truncate(bytes: number): Promise<void>;
  /** Returns only after the bytes are on the device. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

function opened(path: string, handle: FileHandle): OpenFile {
  return {
    path,
    async write(data, position) {
      let done = 0;
      while (done < data.length) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, position + done);
        done += bytesWritten;
      }
    },
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    truncate: (bytes) => handle.truncate(bytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
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
  await rename(temporary, final);
  await syncFolder(dirname(final));
}

/** Replaces a whole file: temporary beside it, write, fsync, rename, fsync folder. */
export async function replaceFile(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
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
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes a folder and its parents; answers whether anything was made. */
export async function makeFolder(path: string, mode = 0o700): Promise<boolean> {
  return (await mkdir(path, { recursive: true, mode })) !== undefined;
}

/** Removes a file or a whole folder; absent is fine. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
