/**
 * The rooms of the house, opened in order and wired together. Who owns what is decided here and nowhere else; the
 * handlers of backend.ts only knock on doors.
 */
import { join } from 'node:path';
import type { AppInfo, BackendEvent } from '../contract/ipc.ts';
import type { InstalledModel } from '../contract/model.ts';
import { ok, type Result } from '../contract/result.ts';
import { type AccessRooms, openAccess } from './access.ts';
import { type ChatStore, openChatStore } from './chats/store.ts';
import { isDevicesNote } from './devices/note.ts';
import { openDevices } from './devices/open.ts';
import type { Devices } from './devices/room.ts';
import { makeFolder, sweepTemporaries } from './durable/files.ts';
import { stateFile } from './durable/stateFile.ts';
import { type Answers, createAnswers } from './generation/answers.ts';
import { createEngine, type Engine } from './generation/engine.ts';
import { createHubClient } from './hub/request.ts';
import { lend } from './localServer/lend.ts';
import { createLocalServerRoom, isLocalServerNote, type LocalServerRoom } from './localServer/room.ts';
import { createLibrary, type Library } from './models/library.ts';
import { sweepUnfinished } from './models/manifest.ts';
import { createUnproved, isLastRun } from './models/unproved.ts';
import type { Ports } from './ports.ts';
import { openPreferences } from './preferences.ts';
import { createLogTail, makeReport } from './report.ts';
import type { Journeys } from './setup/journeys.ts';
import { openJourneys } from './setup/open.ts';
import { areStandIns, createStandIns, type StandInRoom } from './setup/standIns.ts';
import { isModelsPlace, type ModelsPlace, openModelsHome } from './storage/modelsHome.ts';
import { openStorage } from './storage/open.ts';
import type { Storage } from './storage/room.ts';
import { isUpdateChoice, openUpdates, type UpdateChoice, type Updates } from './updates/updates.ts';

export interface Rooms extends AccessRooms {
  readonly updates: Updates;
  readonly journeys: Journeys;
  readonly standIns: StandInRoom;
  readonly models: Library;
  readonly storage: Storage;
  /** Where the models are right now; they can be moved. */
  modelsFolder(): string;
  readonly chats: ChatStore;
  readonly answers: Answers;
  readonly engine: Engine;
  readonly devices: Devices;
  readonly localServer: LocalServerRoom;
  info(): AppInfo;
  setOffline(on: boolean): Promise<void>;
  /** Remembers whether the mirror in use may have the token. */
  decideMirror(allow: boolean): Promise<void>;
  /** Forgets the token, the settings and the journeys; models and chats stay. */
  reset(): Promise<Result<undefined>>;
  /** What works here, where each journey stands, the last lines of the log: to be pasted into an issue. */
  report(): Promise<string>;
  setTray(on: boolean): Promise<void>;
  /** Bytes per second for all downloads together; null = no limit. */
  setDownloadLimit(bytesPerSecond: number | null): Promise<void>;
  readonly chatsChanged: () => void;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Opens everything that lives on disk and connects it; touches no network. */
export async function openRooms(ports: Ports, emit: (event: BackendEvent) => void): Promise<Rooms> {
  const { paths, now } = ports;
  await makeFolder(paths.data);
  const log = createLogTail(now);
  const write: Ports['log'] = (entry) => {
    log.add(entry);
    ports.log(entry);
  };
  const setAside = (path: string): void => write({ area: 'state', event: 'set-aside', path });
  const remember = <T>(name: string, check: (value: unknown) => value is T) =>
    stateFile({
      path: join(paths.data, name),
      version: 1,
      check,
      onDamage: setAside,
    });

  const preferences = await openPreferences(ports, {
    emit,
    onDamage: setAside,
    signInWithBrowser: () => access.browserSignIn.available,
  });
  const { isOffline, consent } = preferences;
  const hub = createHubClient({
    endpoint: ports.hubEndpoint,
    http: ports.http,
    version: ports.version,
    now,
    isOffline,
    tokenConsent: consent,
    log: write,
  });
  const access = openAccess(
    { ...ports, log: write },
    {
      hub,
      remember,
      emit,
      onSignedIn: () => journeys.tokenChanged(),
      consent,
      isOffline,
      installed: (id) => (models.byId(id) ? join(home.folder(), id) : undefined),
      models: () => models.list(),
    },
  );
  const { signIn } = access;
  const home = await openModelsHome(paths.models, remember<ModelsPlace>('models-place.json', isModelsPlace));
  const folderOf = (model: InstalledModel): string => join(home.folder(), model.id);
  const devices = openDevices({
    note: remember('devices.json', isDevicesNote),
    startProcess: () => ports.startWorker('infer'),
    folderOf,
    onChange: (state) => emit({ type: 'devices.changed', devices: state }),
    log: write,
  });
  const unproved = createUnproved(remember('last-run.json', isLastRun), () => home.folder());
  const engine = createEngine({
    startProcess: () => ports.startWorker('infer'),
    folderOf,
    devices,
    prove: (model, folder) => unproved.prove(model, folder),
    cachesFolder: join(paths.data, 'chat-caches'),
    onChange: (state) => emit({ type: 'engine.changed', engine: state }),
    now,
    log: write,
  });
  const models = createLibrary({
    folder: () => home.folder(),
    engine,
    onChange: (list) => emit({ type: 'models.changed', models: list }),
  });
  const chats = openChatStore(join(paths.data, 'chats.sqlite'), now);
  const chatsChanged = (): void => emit({ type: 'chats.changed', chats: chats.list() });
  const standIns = createStandIns({
    file: remember('stand-ins.json', areStandIns),
    chats,
    models: () => models.list(),
    onChange: (state) => emit({ type: 'standIns.changed', standIns: state }),
    onChatsChanged: chatsChanged,
    now,
  });
  const answers = createAnswers({
    chats,
    engine,
    modelById: (id) => models.byId(id),
    emit,
    onChatsChanged: chatsChanged,
  });

  const updates = await openUpdates({
    updater: ports.updater,
    choice: remember<UpdateChoice>('updates.json', isUpdateChoice),
    isOffline,
    quiet: () => engine.quiet(),
    onChange: (update) => emit({ type: 'update.changed', update }),
    now,
  });
  const localServer = createLocalServerRoom({
    note: remember('local-server.json', isLocalServerNote),
    lent: lend({ models, engine, now }),
    onChange: (state) => emit({ type: 'localServer.changed', localServer: state }),
    log: write,
  });

  const journeys = await openJourneys({
    ...{ hub, access, preferences, engine, devices, models, home, standIns, remember, emit },
    ports: { ...ports, log: write },
    storage: () => storage,
  });
  const networkChanged = (): void => {
    if (!isOffline()) journeys.networkChanged();
  };
  const deaf = ports.watchNetwork?.(networkChanged);

  const storage = openStorage({
    ...{ home, models, engine, devices, emit },
    ports: { ...ports, log: write },
    journeys: () => journeys.list(),
  });

  return {
    updates,
    ...access,
    journeys,
    standIns,
    models,
    storage,
    modelsFolder: () => home.folder(),
    chats,
    answers,
    engine,
    devices,
    localServer,
    info: () => preferences.info(),
    chatsChanged,
    async setOffline(on) {
      await preferences.change({ offline: on });
      networkChanged();
    },
    setTray: (on) => preferences.change({ tray: on }),
    setDownloadLimit: (downloadLimit) => preferences.change({ downloadLimit }),
    async decideMirror(allow) {
      await preferences.decideMirror(allow);
      if (signIn.token()) journeys.tokenChanged();
    },
    async reset() {
      for (const { repo } of journeys.list()) await journeys.remove(repo);
      const forgotten = await signIn.forget();
      await access.licences.forget();
      await preferences.reset();
      return forgotten.ok ? ok(undefined) : forgotten;
    },
    report: async () =>
      makeReport({
        ports,
        hub,
        signIn: access.signInState(),
        setups: journeys.list(),
        log,
        offline: preferences.offlineReason(),
        models: { folder: home.folder(), reachable: await home.isReachable(), list: models.list() },
      }),
    async start() {
      preferences.start();
      await devices.start();
      await sweepTemporaries(paths.data);
      await unproved.start();
      await sweepUnfinished(home.folder());
      await models.refresh();
      await storage.start();
      await signIn.start();
      await access.licences.start();
      await access.receipts.start();
      await access.licenceWatch.start();
      await standIns.start();
      await journeys.start();
      await localServer.start();
    },
    async close() {
      preferences.close();
      deaf?.();
      access.browserSignIn.stop();
      devices.close();
      access.licenceWatch.close();
      updates.close();
      answers.close();
      await localServer.close();
      await storage.close();
      await journeys.close();
      engine.close();
      await unproved.close();
      chats.close();
    },
  };
}
