/**
 * Remembers which cached files were proved by their checksum, so that continuing a large download does not read all of
 * it again. A note holds only while size, time and inode stay the same; losing the notes costs one more reading.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { makeFolder, replaceFile } from '../durable/files.ts';
import type { Checksum } from './cachePaths.ts';
import { fileMatches, type Hashing } from './hashing.ts';

export interface Verified {
  /** Whether the file has these bytes: by a note, else by reading it (then noted). Rejects only when aborted. */
  check(path: string, bytes: number, checksum: Checksum, signal?: AbortSignal): Promise<boolean>;
  /** Notes a file whose bytes were just proved in another way. */
  note(path: string, checksum: Checksum): Promise<void>;
  /** Writes the notes down if there are new ones. */
  save(): Promise<void>;
}

const noteLimit = 2 ** 22;

async function factsOf(path: string): Promise<string | undefined> {
  const facts = await stat(path, { bigint: true }).catch(() => undefined);
  return facts?.isFile() ? `${String(facts.size)} ${String(facts.mtimeNs)} ${String(facts.ino)}` : undefined;
}

async function readNotes(path: string): Promise<Map<string, string>> {
  const notes = new Map<string, string>();
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  if (size === 0 || size > noteLimit) return notes;
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return notes;
    for (const [key, fact] of Object.entries(value)) if (typeof fact === 'string') notes.set(key, fact);
  } catch {
    notes.clear(); // a damaged notebook only costs reading the files again
  }
  return notes;
}

/** Opens the notes of one repository; `folder` is its folder in the cache, `own` ours within it. */
export async function openVerified(folder: string, own: string, hashing: Hashing): Promise<Verified> {
  const path = join(own, 'verified.json');
  const notes = await readNotes(path);
  let changed = false;
  const key = (file: string, checksum: Checksum) => `${checksum.hex} ${relative(folder, file)}`;

  async function note(file: string, checksum: Checksum): Promise<void> {
    const facts = await factsOf(file);
    if (facts === undefined || notes.get(key(file, checksum)) === facts) return;
    notes.set(key(file, checksum), facts);
    changed = true;
  }

  return {
    async check(file, bytes, checksum, signal) {
      const facts = await factsOf(file);
      if (facts === undefined || !facts.startsWith(`${String(bytes)} `)) return false;
      if (notes.get(key(file, checksum)) === facts) return true;
      if (!(await fileMatches(hashing, { path: file, bytes, checksum }, signal))) return false;
      await note(file, checksum);
      return true;
    },
    note,
    async save() {
      if (!changed) return;
      changed = false;
      await makeFolder(own, 0o777);
      await replaceFile(path, JSON.stringify(Object.fromEntries(notes)), 0o666);
    },
  };
}
