/**
 * Moving the models to another disk: copy, prove, switch by one small write, then remove the old ones. Killed anywhere it
 * goes on at the next start; until the switch the old folder counts, after it the new one, and both are whole then.
 */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { failed, ok, type Result } from '../../contract/result.ts';
import { isDecoration } from '../durable/decoration.ts';
import { makeFolder, publish, removeTree, removeEmptyFolder } from '../durable/files.ts';
import {
  fingerprintOf,
  isLeftover,
  type Manifest,
  readManifest,
  removeModel,
  unfinishedPrefix,
  writeManifest,
} from '../models/manifest.ts';
import { roomFor } from './carry.ts';
import { copyProved } from './copyProved.ts';
import { folderUnusable } from './explain.ts';
import type { JobContext } from './jobs.ts';
import { claim, disclaim, homeName, isMarker, markerToken, type ModelsHome } from './modelsHome.ts';

/** Whether `path` is `folder` or lies below it; both as realpath gives them. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way.split(sep)[0] !== '..' && !isAbsolute(way));
}

/** Models in a folder, whole or not: every one whose manifest can be read. */
async function modelsIn(folder: string): Promise<ReadonlyMap<string, Manifest>> {
  const found = new Map<string, Manifest>();
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || isLeftover(entry.name)) continue;
    const manifest = await readManifest(join(folder, entry.name));
    if (manifest?.model.id === entry.name) found.set(entry.name, manifest);
  }
  return found;
}

/** Where a move into `chosen` would lead, or why it cannot. Makes nothing. */
export async function targetOf(
  home: ModelsHome,
  chosen: string,
  { hubCache, data }: { readonly hubCache: string; readonly data: string },
): Promise<Result<string>> {
  const from = await realpath(home.folder());
  const to = join(await realpath(chosen), homeName);
  if (isWithin(from, to) || isWithin(to, from)) {
    return failed(folderUnusable('The models are there already, or in a folder of it.', to));
  }
  if (isWithin(await realpath(hubCache).catch(() => resolve(hubCache)), to)) {
    return failed(folderUnusable('It belongs to the cache that your scripts use.', to));
  }
  const all = await readdir(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const names = all.filter((name) => !isDecoration(name));
  if (names.length > 0 && !names.some(isMarker)) {
    return failed(folderUnusable(`It holds a folder called ${homeName} that Latchkey did not make.`, to));
  }
  if (names.length > 0 && (await claim(to, data)) === undefined) {
    return failed(folderUnusable('The models of another Latchkey are there.', to));
  }
  return ok(to);
}

/**
 * Copies everything to `to` and makes it count. `beforeSwitch` lets go of files that are open. Stopping it keeps all as it
 * was. Rejects as copyProved does.
 */
export async function moveModels(
  options: {
    readonly home: ModelsHome;
    readonly to: string;
    readonly data: string;
    readonly beforeSwitch: () => Promise<void>;
    readonly afterSwitch: () => Promise<void>;
    /** The app closes: what was copied stays for the next start. */
    readonly isClosing: () => boolean;
  },
  job: JobContext,
): Promise<Result<{ readonly bytes: number }>> {
  const { home, to } = options;
  const from = home.folder();
  const { moving } = home.place;
  // A disk that is gone left an empty mount point: nothing may be written there.
  if (moving?.to === to && (await markerToken(to)) !== moving.token) {
    return failed(folderUnusable('Its disk is not connected, or another one is in its place.', to));
  }
  const token = await claim(to, options.data);
  if (token === undefined) return failed(folderUnusable('The models of another Latchkey are there.', to));
  if (home.place.moving?.to !== to) await home.save({ ...home.place, moving: { to, token } });
  try {
    const models = await modelsIn(from);
    const bytes = [...models.values()].reduce((sum, { model }) => sum + model.bytes, 0);
    job.expect(bytes);
    const there = await modelsIn(to);
    const missing = [...models].filter(([id]) => !there.has(id)).reduce((sum, [, { model }]) => sum + model.bytes, 0);
    const room = missing === 0 ? ok(undefined) : await roomFor(to, missing);
    if (!room.ok) {
      await abandon(options);
      return room;
    }
    for (const [id, manifest] of models) await copyModel(join(from, id), to, manifest, job);
    job.signal.throwIfAborted();
    await options.beforeSwitch();
    // What was taken away or measured again meanwhile.
    const last = await modelsIn(from);
    for (const id of (await modelsIn(to)).keys()) if (!last.has(id)) await removeModel(to, id);
    for (const [id, manifest] of last) await writeManifest(join(to, id), manifest);
    await home.save({ folder: to, token, moving: null, leaving: from });
    await options.afterSwitch();
    await leave(home);
    return ok({ bytes });
  } catch (error) {
    // Before the switch, the person's word or a failing disk ends the move; a kill does not come here.
    if (home.place.moving && !options.isClosing()) await abandon(options).catch(() => undefined);
    throw error;
  }
}

async function copyModel(from: string, to: string, manifest: Manifest, job: JobContext): Promise<void> {
  const { id, bytes } = manifest.model;
  const final = join(to, id);
  const there = await readManifest(final);
  if (there && fingerprintOf(there) === fingerprintOf(manifest)) {
    job.onBytes(bytes, id); // only proved copies ever got this name
    return;
  }
  await removeTree(final);
  const unfinished = join(to, `${unfinishedPrefix}${id}`);
  await makeFolder(unfinished);
  await copyProved(from, unfinished, manifest.files, job);
  await writeManifest(unfinished, manifest);
  await publish(unfinished, final);
}

/** Takes the copies away; the old folder never stopped counting. */
async function abandon({ home, to }: { readonly home: ModelsHome; readonly to: string }): Promise<void> {
  await home.save({ ...home.place, moving: null });
  await emptyHome(to, await modelsIn(to));
}

/** Removes our models and marks from a folder, then the folder if nothing else is in it. */
async function emptyHome(folder: string, models: ReadonlyMap<string, Manifest>): Promise<void> {
  for (const id of models.keys()) await removeModel(folder, id);
  for (const name of await readdir(folder).catch(() => [])) {
    if (isLeftover(name)) await removeTree(join(folder, name));
  }
  await disclaim(folder);
  await removeEmptyFolder(folder); // somebody else's files stay
}

/**
 * After the switch: removes from the old folder each model that stands whole in the new one, and forgets the old folder.
 * Does nothing while either is not there.
 */
export async function leave(home: ModelsHome): Promise<void> {
  const { leaving } = home.place;
  if (leaving === null || !(await home.isReachable())) return;
  const here = await modelsIn(home.folder());
  const safe = new Map<string, Manifest>();
  for (const [id, manifest] of await modelsIn(leaving)) {
    const twin = here.get(id);
    if (!twin || fingerprintOf(twin) !== fingerprintOf(manifest)) continue;
    if (await isWhole(join(home.folder(), id), twin)) safe.set(id, manifest);
  }
  await emptyHome(leaving, safe);
  await home.save({ ...home.place, leaving: null });
}

async function isWhole(folder: string, { files }: Manifest): Promise<boolean> {
  for (const { path, bytes } of files) {
    const facts = await lstat(join(folder, ...path.split('/'))).catch(() => undefined);
    if (!facts?.isFile() || facts.size !== bytes) return false;
  }
  return true;
}
