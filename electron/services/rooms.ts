/**
 * The rooms of the house, opened in order and wired together. Who owns what is decided here and nowhere else; the
 * handlers of backend.ts only knock on doors.
 */
import { join } from 'node:path';
import type { AppInfo, BackendEvent, LicenceText } from '../contract/ipc.ts';
import type { DownloadPlan } from '../contract/model.ts';
import { ok, type Result } from '../contract/result.ts';
import type { SetupState } from '../contract/setup.ts';
import { type ChatStore, openChatStore } from './chats/store.ts';
import { sweepConversions } from './convert/sweepConversions.ts';
import { findSnapshot } from './download/cache.ts';
import { download } from './download/download.ts';
import { makeFolder } from './durable/files.ts';
import { stateFile } from './durable/stateFile.ts';
import { type Answers, createAnswers } from './generation/answers.ts';
import { createEngine, type Engine } from './generation/engine.ts';
import { createHubClient } from './hub/request.ts';
import { redact } from './hub/secret.ts';
import { whoAmI } from './hub/whoami.ts';
import { createLibrary, type Library } from './models/library.ts';
import { sweepUnfinished } from './models/manifest.ts';
import type { Ports } from './ports.ts';
import { createLogTail, type LogTail } from './report.ts';
import { fileSource } from './setup/fileSource.ts';
import { checkRepo } from './setup/checkRepo.ts';
import { createJourneys, type Journeys } from './setup/journeys.ts';
import { announcement } from './setup/announce.ts';
import { prepareModel } from './setup/prepare.ts';
import { readLicence } from './setup/readLicence.ts';
import { areRecords, type JourneyRecord } from './setup/records.ts';
import { type AccountNote, createSignIn, isAccountNote, type SignIn } from './signIn/signIn.ts';

export interface Rooms {
  readonly signIn: SignIn;
  readonly journeys: Journeys;
  readonly models: Library;
  readonly chats: ChatStore;
  readonly answers: Answers;
  readonly engine: Engine;
  readonly log: LogTail;
  info(): AppInfo;
  setOffline(on: boolean): Promise<void>;
  /** Forgets the token, the settings and the journeys; models and chats stay. */
  reset(): Promise<Result<undefined>>;
  readonly redact: (text: string) => string;
  readLicence(repo: string): Promise<Result<LicenceText>>;
  readonly chatsChanged: () => void;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface Settings {
  readonly offline: boolean;
}

function areSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && typeof (value as Settings).offline === 'boolean';
}

/** Opens everything that lives on disk and connects it; touches no network. */
export async function openRooms(ports: Ports, emit: (event: BackendEvent) => void): Promise<Rooms> {
  const { paths, now } = ports;
  await makeFolder(paths.data);
  await makeFolder(paths.models);
  const log = createLogTail(now);
  const write: Ports['log'] = (entry) => {
    log.add(entry);
    ports.log(entry);
  };
  const remember = <T>(name: string, check: (value: unknown) => value is T) =>
    stateFile({
      path: join(paths.data, name),
      version: 1,
      check,
      onDamage: (path) => write({ area: 'state', event: 'set-aside', path }),
    });

  const settings = remember<Settings>('settings.json', areSettings);
  let { offline } = (await settings.read()) ?? { offline: false };

  const hub = createHubClient({
    endpoint: ports.hubEndpoint,
    http: ports.http,
    version: ports.version,
    now,
    isOffline: () => offline,
    log: write,
  });
  const signIn = createSignIn({
    vault: ports.vault,
    note: remember<AccountNote | null>(
      'account.json',
      (value): value is AccountNote | null => value === null || isAccountNote(value),
    ),
    whoAmI: (token, options) => whoAmI(hub, token, options),
    onChange: (state) => emit({ type: 'signIn.changed', signIn: state }),
    log: write,
  });

  const engine = createEngine({
    startProcess: () => ports.startWorker('infer'),
    folderOf: (model) => join(paths.models, model.id),
    onChange: (state) => emit({ type: 'engine.changed', engine: state }),
    now,
    log: write,
  });
  const models = createLibrary({
    folder: paths.models,
    engine,
    onChange: (list) => emit({ type: 'models.changed', models: list }),
  });
  const chats = openChatStore(join(paths.data, 'chats.sqlite'), now);
  const chatsChanged = (): void => emit({ type: 'chats.changed', chats: chats.list() });
  const answers = createAnswers({
    chats,
    engine,
    modelById: (id) => models.byId(id),
    emit,
    onChatsChanged: chatsChanged,
  });

  const snapshotOf = (plan: DownloadPlan) => findSnapshot(paths.hubCache, plan.repo, plan.commit, plan.files);
  const source = fileSource({ hub, http: ports.http, token: () => signIn.token() });
  const journeys = createJourneys({
    records: remember<readonly JourneyRecord[]>('journeys.json', areRecords),
    approvalPoll: ports.approvalPoll,
    now,
    log: write,
    findModel: async (repo, dtype) => models.find(repo, dtype),
    isComplete: async (plan) => (await snapshotOf(plan)).complete,
    onChange(setup: SetupState, previous: SetupState) {
      emit({ type: 'setup.changed', setup });
      const note = announcement(setup, previous);
      if (note) ports.notify?.(note);
    },
    onRemove: (repo) => emit({ type: 'setup.removed', repo }),
    effects: {
      check: ({ repo, dtype }, { signal }) => checkRepo({ repo, dtype, hub, signIn, folders: paths, signal }),
      download: (plan, { signal, report }) =>
        download(plan, {
          source: source(plan),
          hubCache: paths.hubCache,
          onProgress: report,
          signal,
          now,
          log: write,
        }),
      async prepare(plan, licence, { signal, report }) {
        const snapshot = await snapshotOf(plan);
        if (!snapshot.complete) throw new Error('prepare was reached without a complete snapshot');
        const prepared = await prepareModel({
          plan,
          licence,
          source: snapshot.folder,
          modelsFolder: paths.models,
          version: ports.version,
          engine,
          startProcess: () => ports.startWorker('convert'),
          report,
          now,
          log: write,
          signal,
        });
        if (prepared.ok) await models.refresh();
        return prepared;
      },
    },
  });

  const info = (): AppInfo => ({
    version: ports.version,
    host: ports.host,
    platform: process.platform,
    practice: ports.practice,
    hubEndpoint: ports.hubEndpoint,
    offline,
    can: {
      openPages: ports.host === 'desktop',
      notify: ports.notify !== undefined,
      showFolders: ports.showFolder !== undefined,
    },
  });

  return {
    signIn,
    journeys,
    models,
    chats,
    answers,
    engine,
    log,
    info,
    redact,
    chatsChanged,
    async setOffline(on) {
      offline = on;
      await settings.write({ offline });
      emit({ type: 'app.changed', info: info() });
    },
    async reset() {
      for (const { repo } of journeys.list()) await journeys.remove(repo);
      const forgotten = await signIn.forget();
      offline = false;
      await settings.write({ offline });
      emit({ type: 'app.changed', info: info() });
      return forgotten.ok ? ok(undefined) : forgotten;
    },
    readLicence: (repo) => readLicence(hub, repo, signIn.token()),
    async start() {
      await sweepConversions(paths.models);
      await sweepUnfinished(paths.models);
      await models.refresh();
      await signIn.start();
      await journeys.start();
    },
    async close() {
      answers.close();
      await journeys.close();
      engine.close();
      chats.close();
    },
  };
}
