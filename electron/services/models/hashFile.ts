import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { openWithoutFollowing } from '../durable/reading.ts';

const readBytes = 4 * 2 ** 20;

/** Opens a plain file and nothing else: no link at its end, no pipe or device that would hang or speak for ever. */
export async function openPlainFile(path: string): Promise<{ readonly file: FileHandle; readonly bytes: number }> {
  const file = await openWithoutFollowing(path);
  const facts = await file.stat();
  if (facts.isFile()) return { file, bytes: facts.size };
  await file.close();
  throw new TypeError(`${path} is not a plain file`);
}

/** Reads a file in order. `take` may keep no reference to the bytes. Rejects with the system's error or AbortError. */
export async function readInOrder(
  file: FileHandle,
  {
    bytes,
    signal,
    take,
  }: { bytes: number; signal?: AbortSignal | undefined; take: (data: Buffer) => Promise<void> | void },
): Promise<number> {
  const buffer = Buffer.alloc(Math.min(readBytes, Math.max(bytes, 1)));
  let position = 0;
  while (position < bytes) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - position), position);
    if (bytesRead === 0) break;
    await take(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return position;
}

/** SHA-256 of a plain file, lower-case hex; undefined when it is absent or something else than a plain file. */
export async function hashFile(
  path: string,
  { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: (bytes: number) => void } = {},
): Promise<string | undefined> {
  let opened;
  try {
    opened = await openPlainFile(path);
  } catch (error) {
    // Held by a scanner, too many open files: that says nothing of what is in it.
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof TypeError || ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code ?? '')) return undefined;
    throw error;
  }
  const { file, bytes } = opened;
  try {
    const hash = createHash('sha256');
    await readInOrder(file, {
      bytes,
      signal,
      take(data) {
        hash.update(data);
        onBytes?.(data.length);
      },
    });
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
