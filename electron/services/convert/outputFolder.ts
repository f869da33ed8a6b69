import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFile, type OpenFile } from '../durable/files.ts';
import { ConversionError, throwIfCancelled } from './conversionError.ts';

/** One file of a converted model. */
export interface ConvertedFile {
  readonly path: string; // relative to the output folder, with "/"
  readonly bytes: number;
  readonly sha256: string; // lower-case hex, read back from disk
}

/** Room that must stay free for the small files and the rest of the system. */
const SPARE_BYTES = 64 * 2 ** 20;
const READ_BYTES = 4 * 2 ** 20;

/**
 * A fresh name beside the final folder, where a rename can publish it. What a killed conversion leaves under such a name
 * is swept at the next start (models/manifest.ts).
 */
export function temporaryBeside(output: string): string {
  return join(dirname(output), `.tmp-${randomBytes(8).toString('hex')}`);
}

/** Refuses early what could not end well. Throws ConversionError 'disk-full' with both numbers. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes + SPARE_BYTES) {
    throw new ConversionError('disk-full', `${bytes + SPARE_BYTES} bytes are needed, ${free} are free`);
  }
}

/** Writes a new file and makes its bytes durable. `fill` writes at positions; holes read as zeros. Answers what it says. */
export async function writeFile<T>(path: string, bytes: number, fill: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await createFile(path);
  try {
    await file.truncate(bytes);
    const answer = await fill(file);
    await file.sync();
    return answer;
  } finally {
    await file.close();
  }
}

/** Reads files back and hashes it, so that the report speaks of bytes on disk and not of bytes meant. */
export async function hashFiles(
  folder: string,
  paths: readonly string[],
  options: { readonly signal?: AbortSignal | undefined; readonly onFile?: (path: string) => void },
): Promise<ConvertedFile[]> {
  const files: ConvertedFile[] = [];
  for (const path of paths) {
    options.onFile?.(path);
    const hash = createHash('sha256');
    const place = join(folder, ...path.split('/'));
    for await (const chunk of createReadStream(place, { highWaterMark: READ_BYTES })) {
      throwIfCancelled(options.signal);
      hash.update(chunk as Buffer); // no encoding is set, so chunks are bytes
    }
    files.push({ path, bytes: (await stat(place)).size, sha256: hash.digest('hex') });
  }
  return files;
}
