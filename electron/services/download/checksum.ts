/** Proving bytes: whole files in reading order, and the two kinds of checksum the Hub gives. */
import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Checksum } from './cachePaths.ts';

/** A running checksum of the given kind for a file of `bytes` bytes. git's sha1 covers "blob <bytes>\0" and the content. */
export function startChecksum(kind: Checksum['kind'], bytes: number): Hash {
  return kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${String(bytes)}\0`);
}

/** Whether the file at `path` has exactly these bytes. Absent or unreadable = false. Rejects only when aborted. */
export async function fileMatches(
  path: string,
  bytes: number,
  checksum: Checksum,
  signal?: AbortSignal,
): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const facts = await file.stat();
    if (!facts.isFile() || facts.size !== bytes) return false;
    const hash = startChecksum(checksum.kind, bytes);
    const buffer = Buffer.alloc(Math.min(2 ** 20, Math.max(bytes, 1)));
    for (let position = 0; position < bytes;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return false;
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
    return hash.digest('hex') === checksum.hex;
  } catch (error) {
    if (signal?.aborted) throw error;
    return false;
  } finally {
    await file.close();
  }
}
