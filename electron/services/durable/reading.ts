/** Opening files to read them: the only way to a file handle outside this folder, so that none of those can write. */
import { constants, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Opens a file for reading. Rejects with the system's error. */
export function openToRead(path: string): Promise<FileHandle> {
  return open(path, 'r');
}

/** As openToRead, but refuses a link at the end of the path (ELOOP) and does not wait for the other end of a pipe. */
export function openWithoutFollowing(path: string): Promise<FileHandle> {
  // Windows has neither flag.
  return open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
}

/** As openToRead, as a number for readSync; throws the system's error. */
export function openToReadSync(path: string): number {
  return openSync(path, 'r');
}
