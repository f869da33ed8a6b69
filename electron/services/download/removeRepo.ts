/** Taking official files out of the shared cache again: ours alone, or on the person's word everything of a repository. */
import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RepoId } from '../../contract/model.ts';
import { removeEmptyFolder, removeTree } from '../durable/files.ts';
import { lockRepo } from './cache.ts';
import { below, linkTarget, repoPaths, saysTarget } from './cachePaths.ts';
import { listMade, type MadeFile } from './made.ts';

type Paths = ReturnType<typeof repoPaths>;

/**
 * Removes what Latchkey downloaded of a repository, or with `everything` all of it, also what other programs put there.
 * Names first, bytes last: whoever looks in between finds a file missing, never a wrong one. 'busy' while this or another
 * Latchkey works with the repository. Rejects with the system's error; calling again goes on.
 */
export async function removeRepo(hubCache: string, repo: RepoId, everything: boolean): Promise<'done' | 'busy'> {
  const paths = repoPaths(hubCache, repo);
  if ((await lstat(paths.folder).catch(() => undefined)) === undefined) return 'done';
  const lock = await lockRepo(hubCache, repo);
  if (!lock) return 'busy';
  let empty: boolean;
  try {
    if (everything) {
      await removeTree(paths.refs);
      await removeTree(paths.snapshots);
      for (const name of await readdir(paths.folder)) {
        if (name !== basename(paths.own)) await removeTree(join(paths.folder, name));
      }
    } else {
      await removeMade(paths, await listMade(paths.own));
    }
    empty = !(await holdsFiles(paths.blobs)) && !(await holdsFiles(paths.snapshots));
  } finally {
    lock.release(); // Windows removes no file that is open
  }
  await removeTree(empty ? paths.folder : paths.own);
  return 'done';
}

async function removeMade(paths: Paths, made: readonly MadeFile[]): Promise<void> {
  // A commit of which something stays keeps its name; one that goes must lose it first, or Python finds a ref to nothing.
  for (const commit of new Set(made.map((file) => file.commit))) {
    const snapshot = join(paths.snapshots, commit);
    const ours = new Set(made.filter((file) => file.commit === commit).map((file) => below(snapshot, file.path)));
    const all = await filesBelow(snapshot);
    if (all.every((path) => ours.has(path))) await forgetCommit(paths, commit);
    for (const file of made.filter((one) => one.commit === commit)) await removeName(snapshot, file);
    await removeEmptyFolders(snapshot, paths.snapshots);
  }
  const wanted = await linkedBlobs(paths.snapshots);
  for (const etag of new Set(made.map((file) => file.etag))) {
    if (!wanted.has(etag)) await removeTree(join(paths.blobs, etag));
  }
}

/** The name in the snapshot, if it still is what we put there. */
async function removeName(snapshot: string, { path, etag }: MadeFile): Promise<void> {
  const place = below(snapshot, path);
  const target = await readlink(place).catch(() => undefined);
  if (target !== undefined && !saysTarget(target, linkTarget(path, etag))) return; // somebody pointed it elsewhere
  await removeTree(place);
}

async function forgetCommit(paths: Paths, commit: string): Promise<void> {
  for (const ref of await filesBelow(paths.refs)) {
    if ((await readFile(ref, 'utf8').catch(() => '')).trim() !== commit) continue;
    await removeTree(ref);
    await removeEmptyFolders(dirname(ref), paths.folder);
  }
  await removeTree(join(paths.trees, `${commit}.json`));
  await removeTree(join(paths.missing, commit));
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

const holdsFiles = async (folder: string): Promise<boolean> => (await filesBelow(folder)).length > 0;

/** Blobs that a name in any snapshot still leads to. */
async function linkedBlobs(snapshots: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const place of await filesBelow(snapshots)) {
    const target = await readlink(place).catch(() => undefined);
    if (target !== undefined) found.add(basename(target.replaceAll('\\', '/')));
  }
  return found;
}

/** Removes `folder` and what is in it as long as there is nothing but folders; then its parents up to `end`. */
async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeEmptyFolders(join(folder, entry.name), folder);
  }
  for (let at = folder; at !== end; at = dirname(at)) {
    if (!(await removeEmptyFolder(at))) return;
  }
}

/** Bytes on disk of the files that we made and that still stand, each blob once. */
export async function madeBytes(paths: Pick<Paths, 'own' | 'snapshots'>): Promise<number> {
  const seen = new Set<string>();
  let bytes = 0;
  for (const { commit, path } of await listMade(paths.own)) {
    const facts = await stat(below(join(paths.snapshots, commit), path), { bigint: true }).catch(() => undefined);
    const inode = `${String(facts?.dev)} ${String(facts?.ino)}`;
    if (facts === undefined || seen.has(inode)) continue;
    seen.add(inode);
    bytes += Number(facts.size);
  }
  return bytes;
}
