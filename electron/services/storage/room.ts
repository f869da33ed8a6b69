import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { BroughtModel, ChosenFolder, DataMove, StorageState, StorageWork } from '../../contract/storage.ts';
import { createDataMover } from '../dataHome/moveAll.ts';
import { sweepPartials } from '../download/leftovers.ts';
import { removeRepo } from '../download/removeRepo.ts';
import { removeTree } from '../durable/files.ts';
import { notFound } from '../explain.ts';
import type { Engine } from '../generation/engine.ts';
import type { Library } from '../models/library.ts';
import { readManifest, verifyModel } from '../models/manifest.ts';
import type { Ports } from '../ports.ts';
import type { Published } from '../published/room.ts';
import { exportModel, importModel, inspectModel } from './carry.ts';
import { createChosenFolders } from './chosenFolders.ts';
import { folderUnusable, modelDamaged, modelsAway, storageBusy } from './explain.ts';
import { createJobs, type JobContext } from './jobs.ts';
import type { ModelsHome } from './modelsHome.ts';
import { isWithin, leave, moveModels, targetOf } from './move.ts';
import { programFolder } from './programFolder.ts';
import { leftoverFolders, survey } from './survey.ts';

/** Everything the storage page can ask for. */
export interface Storage {
  state(): Promise<StorageState>;
  choose(typed: string | undefined): Promise<Result<ChosenFolder | null>>;
  /** A folder that the person dropped or opened, or the one around such a file. `path` comes from the host, not the page. */
  adopt(path: string): Promise<Result<ChosenFolder>>;
  removeRepo(repo: string, everything: boolean): Promise<Result<StorageState>>;
  /** Removes what is ours and needed by nobody. */
  free(): Promise<Result<StorageState>>;
  verify(id: string): Promise<Result<StorageWork>>;
  exportTo(id: string, folder: string): Promise<Result<StorageWork>>;
  inspect(folder: string): Promise<Result<BroughtModel>>;
  /** Takes in what `inspect` showed: an exported model, or official files. */
  importFrom(folder: string, fingerprint: string): Promise<Result<StorageWork>>;
  move(folder: string): Promise<Result<StorageWork>>;
  /** What a move of all data would do. */
  planMoveAll(folder: string): Promise<Result<DataMove>>;
  /** Ends in a restart of the services. */
  moveAll(folder: string): Promise<Result<StorageWork>>;
  stop(): void;
  /** Why models cannot be written or removed right now, or undefined. */
  blocked(): Promise<Result<undefined>>;
  /** Resolves when neither a move nor another preparation is under way; a preparation waits for it. */
  settled(): Promise<void>;
  /** Finishes what a killed move left to do. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** What journeys are doing, as far as files are concerned. */
export interface FileUsers {
  /** An unfinished download that somebody still wants. */
  wants(repo: string): boolean;
  works(repo: string): boolean;
  isPreparing(): boolean;
}

export function createStorage(options: {
  readonly ports: Pick<Ports, 'paths' | 'dataHome' | 'now' | 'log' | 'chooseFolder'>;
  readonly home: ModelsHome;
  readonly models: Library;
  readonly engine: Engine;
  readonly users: FileUsers;
  readonly published: Published;
  readonly onWork: (work: StorageWork) => void;
}): Storage {
  const { home, models, engine, users, published } = options;
  const { paths, now } = options.ports;
  const folders = createChosenFolders(options.ports.chooseFolder);
  let closing = false;
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  // What a job says while it is taken down is not how it ended.
  const jobs = createJobs({ now, onChange: (work) => (closing ? undefined : options.onWork(work)) });

  const state = async (): Promise<StorageState> => {
    const found = await survey({
      models: home.folder(),
      modelsReachable: await home.isReachable(),
      hubCache: paths.hubCache,
      wanted: (repo) => users.wants(repo),
      inUse: (repo) => users.works(repo),
      preparing: users.isPreparing() || jobs.isWorking(),
    });
    // As above: the next run of the services says how it ended.
    const work = closing ? undefined : jobs.current();
    const data = await mover?.state();
    return { ...found, ...(work && { work }), ...(data && { data }) };
  };

  const blocked = async (): Promise<Result<undefined>> => {
    if (!(await home.isReachable())) return failed(modelsAway(home.folder()));
    if (isMoving()) return failed(storageBusy('The models are being moved to another folder.'));
    return ok(undefined);
  };

  const isMoving = (): boolean => jobs.isWorking('move') || jobs.isWorking('move-all');

  const move = (to: string, job: JobContext): ReturnType<typeof moveModels> =>
    moveModels(
      {
        home,
        to,
        data: paths.data,
        beforeSwitch: () => engine.unload(),
        afterSwitch: () => models.refresh(),
        isClosing: () => closing,
      },
      job,
    );
  const startMove = (to: string): Result<StorageWork> =>
    jobs.start({ task: 'move', folder: to }, (job) => move(to, job));

  const { dataHome } = options.ports;
  const mover =
    dataHome &&
    createDataMover({
      ...{ port: dataHome, home, jobs, moveModels: move },
      hubCache: paths.hubCache,
      modelsBytes: () => models.list().reduce((sum, { bytes }) => sum + bytes, 0),
      closing: closed,
      isClosing: () => closing,
    });
  /** A chosen folder to put something into; not the program's own, which its next update empties. */
  const putTarget = async (chosen: string): Promise<Result<string>> => {
    const folder = folders.pathOf(chosen);
    if (!folder.ok) return folder;
    const real = (path: string): Promise<string> => realpath(path).catch(() => path);
    const program = programFolder(await real(process.execPath));
    if (!isWithin(program, await real(folder.value))) return folder;
    return failed(folderUnusable('It belongs to the program itself: the next update would remove it.', program));
  };

  /** Such a folder, when nothing else is done with the models. */
  const moveTarget = async (chosen: string): Promise<Result<string>> => {
    const folder = await putTarget(chosen);
    if (!folder.ok) return folder;
    const free = await blocked();
    if (!free.ok) return free;
    return users.isPreparing() ? failed(storageBusy('A model is being prepared.')) : folder;
  };

  const withModel = async <T>(
    id: string,
    use: (model: InstalledModel, folder: string) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const free = await blocked();
    if (!free.ok) return free;
    const model = models.byId(id);
    return model ? use(model, join(home.folder(), model.id)) : failed(notFound('model'));
  };

  return {
    state,
    blocked,
    choose: (typed) => folders.choose(typed),
    adopt: (path) => folders.adopt(path),
    async removeRepo(repo, everything) {
      // Official files that are taken in may be those of the cache.
      const used = users.works(repo) || jobs.isWorking('take-in');
      if (used || (await removeRepo(paths.hubCache, repo, everything)) === 'busy') {
        return failed(storageBusy('A download or a preparation uses the files of this model.'));
      }
      return ok(await state());
    },
    async free() {
      await sweepPartials(paths.hubCache, (repo) => users.wants(repo));
      if (!users.isPreparing() && !jobs.isWorking() && (await home.isReachable())) {
        for (const folder of await leftoverFolders(home.folder())) await removeTree(folder);
      }
      return ok(await state());
    },
    verify: (id) =>
      withModel(id, async (model, folder) => {
        const manifest = await readManifest(folder);
        if (!manifest) return failed(modelDamaged(model, ['latchkey.json']));
        return jobs.start({ task: 'verify', modelId: id }, async (job) => {
          job.expect(model.bytes);
          const wrong = await verifyModel(folder, manifest, job);
          return wrong.length > 0 ? failed(modelDamaged(model, wrong)) : ok({ bytes: model.bytes });
        });
      }),
    exportTo: (id, chosen) =>
      withModel(id, async (model, folder) => {
        const target = await putTarget(chosen);
        if (!target.ok) return target;
        const manifest = await readManifest(folder);
        if (!manifest) return failed(modelDamaged(model, ['latchkey.json']));
        return jobs.start({ task: 'export', modelId: id, folder: join(target.value, id) }, (job) =>
          exportModel(folder, manifest, target.value, job),
        );
      }),
    async inspect(chosen) {
      const folder = folders.pathOf(chosen);
      if (!folder.ok) return folder;
      const exported = await inspectModel(folder.value);
      if (!exported.ok) return exported;
      if (exported.value) return ok({ kind: 'exported', model: exported.value });
      const found = await published.inspect(folder.value);
      return found.ok ? ok({ kind: 'published', model: found.value }) : found;
    },
    async importFrom(chosen, fingerprint) {
      const folder = folders.pathOf(chosen);
      if (!folder.ok) return folder;
      const free = await blocked();
      if (!free.ok) return free;
      const exported = await inspectModel(folder.value);
      if (!exported.ok) return exported;
      if (!exported.value && users.isPreparing()) return failed(storageBusy('A model is being prepared.'));
      return jobs.start({ task: exported.value ? 'import' : 'take-in', folder: folder.value }, async (job) => {
        const brought = { chosen: folder.value, fingerprint, modelsFolder: home.folder(), engine, now };
        const taken = await (exported.value
          ? importModel(brought, job)
          : published.takeIn(folder.value, fingerprint, job));
        await models.refresh();
        return taken;
      });
    },
    async move(chosen) {
      const folder = await moveTarget(chosen);
      if (!folder.ok) return folder;
      const to = await targetOf(home, folder.value, paths);
      return to.ok ? startMove(to.value) : to;
    },
    async planMoveAll(chosen) {
      const folder = await moveTarget(chosen);
      if (!folder.ok) return folder;
      return mover ? mover.plan(folder.value) : failed(notFound('data folder'));
    },
    async moveAll(chosen) {
      const folder = await moveTarget(chosen);
      if (!folder.ok) return folder;
      return mover ? mover.begin(folder.value) : failed(notFound('data folder'));
    },
    stop: () => jobs.stop(),
    async settled() {
      while (isMoving() || jobs.isWorking('take-in')) await jobs.settled();
    },
    async start() {
      await leave(home).catch((error: unknown) => {
        options.ports.log({ area: 'storage', event: 'leave-failed', cause: String(error) });
      });
      if (await mover?.start()) return;
      if (home.place.moving && (await home.isReachable())) startMove(home.place.moving.to);
    },
    async close() {
      // No wish to give a move up: it goes on at the next start, as after a kill.
      closing = true;
      close();
      jobs.stop();
      await jobs.settled();
    },
  };
}
