/** Opening files to read them: the only way to a file handle outside this folder, so that none of those can write. */
import { constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

// Windows has neither flag. A pipe is opened without waiting for its other end: whoever wants a plain file says so then.
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const notFollowing = reading | (constants.O_NOFOLLOW ?? 0);

/** Opens a file for reading. Rejects with the system's error. */
export function openToRead(path: string): Promise<FileHandle> {
  return open(path, reading);
}

/** As openToRead, but refuses a link at the end of the path (ELOOP). */
export function openWithoutFollowing(path: string): Promise<FileHandle> {
  return open(path, notFollowing);
}

/** As openToRead, as a number for readSync; throws the system's error. */
export function openToReadSync(path: string): number {
  return openSync(path, 'r');
}
