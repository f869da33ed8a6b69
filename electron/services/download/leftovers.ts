/** What our downloads left in the cache and nobody needs any more. Never a blob, never a snapshot, never somebody else's. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoId } from '../../contract/model.ts';
import { lockFile } from '../durable/fileLock.ts';
import { removeTree } from '../durable/files.ts';
import { allocatedBytes, repoFolders } from './diskUse.ts';

const unfinished = /^([0-9a-f]{40}|[0-9a-f]{64})\.(part|journal)$/;

/** Names in one folder of ours that may go: temporaries, journals without data, and partials unless `kept`. */
function disposable(names: readonly string[], kept: boolean): readonly string[] {
  return names.filter((name) => {
    const match = unfinished.exec(name);
    const orphan = match?.[2] === 'journal' && !names.includes(`${String(match[1])}.part`);
    return name.endsWith('.tmp') || orphan || (match !== null && !kept);
  });
}

/** Bytes that sweepPartials would free. */
export async function leftoverBytes(hubCache: string, keep: (repo: RepoId) => boolean): Promise<number> {
  let bytes = 0;
  for (const { repo, folder } of await repoFolders(hubCache)) {
    const own = join(folder, '.latchkey');
    for (const name of disposable(await readdir(own).catch(() => []), keep(repo))) {
      bytes += await allocatedBytes(join(own, name));
    }
  }
  return bytes;
}

/**
 * Removes our unfinished files of every repository for which `keep` says no, and everywhere the leftovers of a crash. A
 * repository that is being downloaded right now, by whichever process, is left alone. Answers the bytes freed.
 */
export async function sweepPartials(hubCache: string, keep: (repo: RepoId) => boolean): Promise<number> {
  let freed = 0;
  for (const { repo, folder } of await repoFolders(hubCache)) {
    const own = join(folder, '.latchkey');
    if (disposable(await readdir(own).catch(() => []), keep(repo)).length === 0) continue;
    const lock = await lockFile(join(own, 'lock'));
    if (!lock) continue;
    try {
      for (const name of disposable(await readdir(own), keep(repo))) {
        freed += await allocatedBytes(join(own, name));
        await removeTree(join(own, name));
      }
    } finally {
      lock.release();
    }
  }
  return freed;
}
