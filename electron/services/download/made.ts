/**
 * Which files of the shared cache Latchkey put there. One small note for each, written after the file stands: a crash in
 * between makes us believe that somebody else made it, and what others made is never removed without asking.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Commit } from '../../contract/model.ts';
import { makeFolder, replaceFile } from '../durable/files.ts';
import type { CacheFolder } from './cache.ts';
import { below } from './cachePaths.ts';

export interface MadeFile {
  readonly commit: Commit;
  readonly path: string;
  readonly etag: string;
}

const folderName = 'made';
const etagPattern = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Remembers that we published this file. */
export async function noteMade(cache: CacheFolder, path: string, etag: string): Promise<void> {
  const note = below(join(cache.own, folderName, cache.commit), path);
  await makeFolder(dirname(note), 0o777);
  await replaceFile(note, etag, 0o666, cache.own);
}

/** Everything noted at this folder of ours; notes that make no sense are left out. */
export async function listMade(own: string): Promise<readonly MadeFile[]> {
  const root = join(own, folderName);
  const found: MadeFile[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const note = join(entry.parentPath, entry.name);
    const [commit = '', ...parts] = relative(root, note).split(sep);
    const etag = await readFile(note, 'utf8').catch(() => '');
    if (!/^[0-9a-f]{40}$/.test(commit) || !etagPattern.test(etag)) continue;
    found.push({ commit, path: parts.join('/'), etag });
  }
  return found;
}
