/**
 * Moving all of Latchkey's data, as far as it is done with everything open: the models, copied and proved. Then the
 * services close, and the rest follows (rest.ts) before they open again.
 */
import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { DataMove, DataState, StorageWork } from '../../contract/storage.ts';
import { freeSpace } from '../download/diskUse.ts';
import { isDecoration } from '../durable/decoration.ts';
import { removeEmptyFolder } from '../durable/files.ts';
import type { DataHomePort } from '../ports.ts';
import { copyNeedsRoom, folderUnusable } from '../storage/explain.ts';
import type { JobContext, Jobs } from '../storage/jobs.ts';
import { claim, disclaim, isMarker, markerToken, type ModelsHome } from '../storage/modelsHome.ts';
import { isWithin } from '../storage/move.ts';
import { moveFailed } from './explain.ts';
import { aboutPlace, dataName, readPlace, savePlace } from './place.ts';
import { restBytes } from './rest.ts';

/** What the storage room lends. */
export interface DataMoveDoors {
  readonly port: DataHomePort;
  readonly home: ModelsHome;
  readonly jobs: Jobs;
  readonly hubCache: string;
  /** Moves the models into this folder, as moveModels does. */
  readonly moveModels: (to: string, job: JobContext) => Promise<Result<{ readonly bytes: number }>>;
  readonly modelsBytes: () => number;
  /** Resolves when the services begin to close, and not before. */
  readonly closing: Promise<void>;
  readonly isClosing: () => boolean;
}

export interface DataMover {
  state(): Promise<DataState>;
  /** What a move into `chosen` would do, or why it cannot be. Makes nothing. */
  plan(chosen: string): Promise<Result<DataMove>>;
  /** Begins what `plan` shows. Ends in a restart of the services. */
  begin(chosen: string): Promise<Result<StorageWork>>;
  /** Goes on with a move that was killed; false when there is none. Tells how the last one ended. */
  start(): Promise<boolean>;
}

export function createDataMover(doors: DataMoveDoors): DataMover {
  const { port, home, jobs } = doors;
  const state = async (): Promise<DataState> => ({
    folder: port.folder,
    bytes: await restBytes(port.folder, home.folder()),
    ...('fixedBy' in port && { fixedBy: port.fixedBy }),
  });
  if ('fixedBy' in port) {
    const fixed = failed(folderUnusable('Whoever started Latchkey said which folder it uses.', port.fixedBy));
    return { state, plan: async () => fixed, begin: async () => fixed, start: async () => false };
  }
  const { folder: from, usual } = port;
  const modelsStay = async (): Promise<boolean> => !isWithin(await realpath(from), await realpath(home.folder()));

  const plan = async (chosen: string): Promise<Result<DataMove>> => {
    const target = await targetOf({ from, usual, chosen, hubCache: doors.hubCache, models: home.folder() });
    if (!target.ok) return target;
    const to = target.value;
    const stay = await modelsStay();
    const [rest, free] = await Promise.all([restBytes(from, home.folder()), freeSpace(to)]);
    const modelsBytes = stay ? 0 : doors.modelsBytes();
    const missing = modelsBytes + rest + spareBytes - free.bytes;
    if (missing > 0) return failed(copyNeedsRoom(missing, chosen));
    return ok({
      to,
      modelsBytes,
      restBytes: rest,
      freeBytes: free.bytes,
      ...(stay && { modelsStay: home.folder() }),
    });
  };

  const giveUp = async (to: string): Promise<void> => {
    await savePlace(usual, { ...readPlace(usual), moving: null });
    const others = (await readdir(to).catch(() => [])).filter(
      (name) => !aboutPlace.includes(name) && !isDecoration(name),
    );
    if (others.length > 0) return; // models that are at home there
    await disclaim(to);
    if (to !== usual) await removeEmptyFolder(to);
  };

  const run = async (to: string, job: JobContext): Promise<Result<{ readonly bytes: number }>> => {
    const { moving } = readPlace(usual);
    // A disk that is gone left an empty mount point: nothing may be written there.
    if (moving !== null && (await markerToken(to)) !== moving.token) {
      return failed(folderUnusable('Its disk is not connected, or another one is in its place.', to));
    }
    const token = await claim(to, usual);
    if (token === undefined) return failed(folderUnusable('The data of another Latchkey are there.', to));
    const become = (stage: 'models' | 'rest'): Promise<void> =>
      savePlace(usual, { ...readPlace(usual), news: null, moving: { to, token, stage } });
    await become('models');
    let moved: Result<{ readonly bytes: number }> = ok({ bytes: 0 });
    try {
      if (!(await modelsStay())) moved = await doors.moveModels(join(to, 'models'), job);
      if (!moved.ok) await giveUp(to);
      else job.signal.throwIfAborted();
    } catch (error) {
      if (!doors.isClosing()) await giveUp(to);
      throw error;
    }
    if (!moved.ok) return moved;
    await become('rest');
    const { bytes } = moved.value;
    job.report({ doneBytes: bytes, totalBytes: bytes, bytesPerSecond: 0 }, 'restarting');
    port.restart();
    await doors.closing;
    return moved;
  };

  const go = (to: string): Result<StorageWork> => jobs.start({ task: 'move-all', folder: to }, (job) => run(to, job));

  return {
    state,
    plan,
    async begin(chosen) {
      const planned = await plan(chosen);
      return planned.ok ? go(planned.value.to) : planned;
    },
    async start() {
      const place = readPlace(usual);
      const { moving, news } = place;
      if (news !== null) {
        const end: StorageWork['state'] =
          news.kind === 'failed'
            ? { kind: 'failed', problem: moveFailed(news) }
            : { kind: 'done', bytes: news.bytes, at: news.at, ...(news.left && { left: true }) };
        jobs.tell({ task: 'move-all', folder: news.to, state: end });
        await savePlace(usual, { ...place, news: null });
      }
      if (moving?.stage !== 'models') return false;
      go(moving.to);
      return true;
    },
  };
}

/** A database that is written needs some room beside its own bytes. */
const spareBytes = 64 * 2 ** 20;

/** Where a move into `chosen` would lead, or why it cannot. */
async function targetOf(where: {
  readonly from: string;
  readonly usual: string;
  readonly chosen: string;
  readonly hubCache: string;
  readonly models: string;
}): Promise<Result<string>> {
  const { from, usual } = where;
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const [old, chosen, cache] = await Promise.all([real(from), real(where.chosen), real(where.hubCache)]);
  // Back to where everybody expects it.
  const to = chosen === (await real(usual)) ? usual : join(chosen, dataName);
  if (isWithin(old, to) || isWithin(to, old)) {
    return failed(folderUnusable('The data of Latchkey are there already, or in a folder of it.', to));
  }
  if (isWithin(cache, to)) return failed(folderUnusable('It belongs to the cache that your scripts use.', to));
  if (isWithin(old, cache)) {
    const why = 'The cache that your scripts use lies in the data folder: set HF_HOME to a folder outside of it first.';
    return failed(folderUnusable(why, cache));
  }
  const names = await readdir(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const modelsThere = (await real(where.models)) === (await real(join(to, 'models')));
  const others = names.filter(
    (name) => !aboutPlace.includes(name) && !isDecoration(name) && !(name === 'models' && modelsThere),
  );
  if (others.length > 0) {
    const what = to === usual ? 'The usual folder' : `A folder called ${dataName}`;
    return failed(folderUnusable(`${what} is there already and holds something.`, join(to, others[0] ?? '')));
  }
  if (names.some(isMarker) && (await claim(to, usual)) === undefined) {
    return failed(folderUnusable('The data of another Latchkey are there.', to));
  }
  return ok(to);
}
