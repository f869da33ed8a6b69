/**
 * The part of the data folder that is not models: chats, settings, journals, logs, kept caches, Chromium's own files. It
 * moves while nobody has it open, between two runs of the services. Killed anywhere it goes on at the next start; until
 * the switch the old folder counts and is whole, after it the new one.
 */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { isDecoration } from '../durable/decoration.ts';
import { makeFolder, removeEmptyFolder, removeTree, replaceLink, syncFolder } from '../durable/files.ts';
import { errnoOf } from '../download/explain.ts';
import { freeSpace } from '../download/diskUse.ts';
import { hashFile } from '../models/hashFile.ts';
import { isLeftover, type ManifestFile } from '../models/manifest.ts';
import { copyProved } from '../storage/copyProved.ts';
import { disclaim, isMarker, markerToken } from '../storage/modelsHome.ts';
import { aboutPlace, type DataPlace, type MoveFailure, readPlace, savePlace } from './place.ts';

/** What belongs to a run of a program and not to the person: Chromium's locks, half-written files, the browser's opener. */
const passing = /^(?:Singleton\w+|lockfile|\.[0-9a-f]{12}\.tmp|open-[0-9a-f]+\.html)$/;
/** SQLite and the file system need some room to breathe. */
const spareBytes = 16 * 2 ** 20;

interface Inventory {
  /** Paths with "/" between the parts. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly links: readonly string[];
  /** Folders, deepest first. */
  readonly folders: readonly string[];
  /** What is ours and stays behind to be removed. */
  readonly passing: readonly string[];
}

/** Everything in a data folder but what says where it is, and models that are not whole. Follows no link. */
async function inventory(root: string): Promise<Inventory> {
  const files: { path: string; bytes: number }[] = [];
  const [links, folders, gone]: [string[], string[], string[]] = [[], [], []];
  const look = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, ...folder.split('/')), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (folder === '' && aboutPlace.includes(entry.name)) continue;
      if (passing.test(entry.name)) gone.push(path);
      else if (entry.isSymbolicLink()) links.push(path);
      else if (entry.isFile()) files.push({ path, bytes: (await lstat(join(root, ...path.split('/')))).size });
      else if (entry.isDirectory() && !(folder === 'models' && isLeftover(entry.name))) {
        await look(path);
        folders.push(path);
      }
    }
  };
  await look('');
  return { files, links, folders, passing: gone };
}

/** Bytes of a data folder beside the models in it; 0 where it cannot be read. */
export async function restBytes(data: string, models: string): Promise<number> {
  const found = await inventory(data).catch(() => undefined);
  const within = (path: string): boolean => join(data, ...path.split('/')).startsWith(models + sep);
  return (found?.files ?? []).reduce((sum, { path, bytes }) => sum + (within(path) ? 0 : bytes), 0);
}

const under = (root: string, path: string): string => join(root, ...path.split('/'));

/** Takes away what an earlier try left at `to` and the old folder no longer has: an old journal beside a new database lies. */
async function removeStrangers(to: string, wanted: Inventory): Promise<void> {
  const keep = new Set([...wanted.files.map(({ path }) => path), ...wanted.links]);
  const there = await inventory(to);
  const models = (path: string): boolean => path.startsWith('models/');
  for (const path of [...there.files.map((file) => file.path), ...there.links, ...there.passing]) {
    if (!keep.has(path) && !models(path)) await removeTree(under(to, path));
  }
}

async function copyRest(from: string, to: string, onBytes: (bytes: number, path: string) => void): Promise<number> {
  const found = await inventory(from);
  await removeStrangers(to, found);
  const bytes = found.files.reduce((sum, file) => sum + file.bytes, 0);
  const wanted = new Set(found.files.map(({ path }) => path));
  const there = (await inventory(to)).files.reduce((sum, file) => sum + (wanted.has(file.path) ? file.bytes : 0), 0);
  const missing = bytes - there + spareBytes - (await freeSpace(to)).bytes;
  if (missing > 0) throw Object.assign(new Error(`${String(missing)} bytes are missing`), { code: 'ENOSPC' });
  const files: ManifestFile[] = [];
  for (const file of found.files) {
    const sha256 = await hashFile(under(from, file.path));
    if (sha256 === undefined) throw new Error(`${file.path} cannot be read`);
    files.push({ ...file, sha256 });
  }
  for (const folder of found.folders) await makeFolder(under(to, folder));
  await copyProved(from, to, files, { signal: new AbortController().signal, onBytes, mode: 0o600 });
  for (const path of found.links) {
    const target = await readlink(under(from, path));
    const said = isAbsolute(target) ? target : resolve(dirname(under(from, path)), target);
    await replaceLink(under(to, path), said, to);
  }
  for (const folder of found.folders) await syncFolder(under(to, folder));
  for (const folder of [to, dirname(to)]) await syncFolder(folder);
  return bytes;
}

/**
 * Removes from the folder before each file that the folder that counts has byte for byte; answers whether anything is
 * left there. Models are not its business: their own move removed them.
 */
async function leave(from: string, to: string): Promise<boolean> {
  const found = await inventory(from).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined; // a kill came after the removal
    throw error;
  });
  if (!found) return false;
  let left = false;
  for (const { path } of found.files) {
    const [here, there] = [await hashFile(under(from, path)), await hashFile(under(to, path))];
    if (here !== undefined && here === there) await removeTree(under(from, path));
    else left = true;
  }
  for (const path of [...found.links, ...found.passing]) await removeTree(under(from, path));
  for (const path of found.folders) left = !(await removeEmptyFolder(under(from, path))) || left;
  return left;
}

/** Takes the copies away again; the old folder never stopped counting. Models that went there have a record of their own. */
async function takeBack(usual: string, to: string): Promise<void> {
  const copies = await inventory(to);
  for (const path of [...copies.files.map((file) => file.path), ...copies.links]) {
    if (!path.startsWith('models/')) await removeTree(under(to, path));
  }
  for (const path of copies.folders) await removeEmptyFolder(under(to, path));
  if (to !== usual && (await readdir(to)).every((name) => isMarker(name) || isDecoration(name))) await removeTree(to);
}

function whyOf(error: unknown): MoveFailure {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(error)) ? 'full' : 'trouble';
}

/** Whether something is to be done before anybody opens the data folder. */
export const isUnfinished = ({ moving, leaving }: DataPlace): boolean => moving?.stage === 'rest' || leaving !== null;

/**
 * Does what is left of a move; nobody may have either folder open. Never rejects because of the disks: how it ended is
 * in the record as news. Answers the folder that counts then. Rejects when the record itself cannot be written.
 */
export async function finishMove(
  usual: string,
  { now, onBytes = () => undefined }: { readonly now: () => number; readonly onBytes?: (bytes: number) => void },
): Promise<string> {
  let place = readPlace(usual);
  const from = place.folder ?? usual;
  let bytes = 0;
  if (place.moving?.stage === 'rest') {
    const { to, token } = place.moving;
    const failed = async (why: MoveFailure, cause: string): Promise<string> => {
      if (why !== 'away') await takeBack(usual, to).catch(() => undefined);
      await savePlace(usual, { ...place, moving: null, news: { kind: 'failed', to, why, cause } });
      return from;
    };
    if ((await markerToken(to)) !== token) return failed('away', to);
    try {
      bytes = await copyRest(from, to, (done) => onBytes(done));
    } catch (error) {
      return failed(whyOf(error), error instanceof Error ? error.message : String(error));
    }
    const counts = to === usual ? { folder: null, token: null } : { folder: to, token };
    place = { ...counts, moving: null, leaving: from, news: null };
    await savePlace(usual, place);
  }
  const to = place.folder ?? usual;
  if (place.leaving !== null) {
    const old = place.leaving;
    const left = await leave(old, to).catch(() => true);
    if (to === usual) await disclaim(usual);
    if (!left && old !== usual) {
      await disclaim(old);
      await removeEmptyFolder(old);
    }
    place = { ...place, leaving: null, news: { kind: 'moved', to, bytes, at: now(), left } };
    await savePlace(usual, place);
  }
  return to;
}
