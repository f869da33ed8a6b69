/**
 * Hosts are the programs a person starts. This file is what both have in common: it lends the services their ports,
 * starts the practice Hub when asked, and changes between practice and the real Hub while the host keeps running.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createComputer } from '../adapters/computer.ts';
import { createKeychain } from '../adapters/keychain.ts';
import { createNetworkWatch } from '../adapters/networkWatch.ts';
import { createNodeHttp } from '../adapters/nodeHttp.ts';
import { createNodeWay } from '../adapters/nodeNetwork.ts';
import type { BackendEvent } from '../contract/ipc.ts';
import type { Result } from '../contract/result.ts';
import { startPracticeHub } from '../practice/hub/startPracticeHub.ts';
import { createBackend } from '../services/backend.ts';
import { dispatch } from '../services/dispatch.ts';
import { hubCacheFolder, linksAllowed, offlineVariable } from '../services/download/environment.ts';
import { makeFolder } from '../services/durable/files.ts';
import type { Ports } from '../services/ports.ts';
import { clientId } from './clientId.ts';
import { modeFolders } from './folders.ts';
import { hubEndpointOf } from './hubEndpoint.ts';
import { openLog } from './logFile.ts';
import { openablePage } from './pages.ts';
import { vaultMarker } from './vaultMarker.ts';

/** What differs between the hosts. */
export interface Abilities {
  readonly host: Ports['host'];
  readonly version: string;
  readonly data: string;
  readonly dataHome: NonNullable<Ports['dataHome']>;
  /** Folder of the practice model's files, as shipped. */
  readonly practiceModel: string;
  readonly startWorker: Ports['startWorker'];
  /** Absent: plain Node is the way to the network. */
  readonly network?: Pick<Ports, 'http' | 'way'>;
  /** Gets only URLs that passed `openablePage`. */
  readonly openPage: Ports['openPage'];
  readonly notify?: NonNullable<Ports['notify']>;
  readonly chooseFolder?: NonNullable<Ports['chooseFolder']>;
  readonly showFolder?: NonNullable<Ports['showFolder']>;
  readonly takeWish?: NonNullable<Ports['takeWish']>;
  readonly stayInTray?: NonNullable<Ports['stayInTray']>;
  readonly accent?: NonNullable<Ports['accent']>;
  readonly readClipboard?: NonNullable<Ports['readClipboard']>;
  readonly updater?: NonNullable<Ports['updater']>;
}

/** The services as a host sees them: one way in, one way out, and the practice switch. */
export interface Services {
  /** Never rejects; waits while the services are being exchanged. */
  request(name: unknown, input: unknown): Promise<Result<unknown>>;
  setPractice(on: boolean): Promise<void>;
  readonly practice: boolean;
  close(): Promise<void>;
}

interface Running {
  readonly practice: boolean;
  request(name: unknown, input: unknown): Promise<Result<unknown>>;
  close(): Promise<void>;
}

/** Authors answer in hours or days; the practice Hub answers in seconds. */
const realPace = { firstSeconds: 60, laterSeconds: 300, retrySeconds: 15 };
const practicePace = { firstSeconds: 2, laterSeconds: 5, retrySeconds: 2 };

/** A Hub on this computer needs no gentleness. */
function onThisComputer(endpoint: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
}

async function startMode(
  practice: boolean,
  lent: Abilities,
  { emit, switchPractice }: { emit: (event: BackendEvent) => void; switchPractice: Ports['switchPractice'] },
): Promise<Running> {
  const paths = modeFolders(lent.data, practice, hubCacheFolder(process.env, homedir()));
  await makeFolder(paths.data);
  const hub = practice
    ? await startPracticeHub({
        modelFolder: lent.practiceModel,
        stateFile: join(paths.data, 'practice-hub.json'),
        keepRequests: 0,
      })
    : undefined;
  const hubEndpoint = hub?.endpoint ?? hubEndpointOf(process.env);
  const log = openLog(paths.data, Date.now);
  const backend = await createBackend(
    {
      host: lent.host,
      version: lent.version,
      practice,
      hubEndpoint,
      paths,
      environment: practice ? {} : { offlineBy: offlineVariable(process.env), links: linksAllowed(process.env) },
      // Practising needs nothing of the person's own.
      computer: practice
        ? undefined
        : createComputer({
            env: process.env,
            home: homedir(),
            platform: process.platform,
            // Started from a desktop, unless it says otherwise: a terminal's variables are here already.
            asksShell: lent.host === 'desktop',
          }),
      clientId: practice ? 'latchkey-practice' : clientId(process.env),
      // The practice Hub is on this computer: nothing can stand in between.
      http: (!practice && lent.network?.http) || createNodeHttp(),
      watchNetwork: createNetworkWatch(),
      way: (!practice && lent.network?.way) || createNodeWay(process.env),
      vault: createKeychain({
        service: practice ? 'Latchkey practice' : 'Latchkey',
        account: 'access token',
        marker: vaultMarker(paths.data),
      }),
      startWorker: lent.startWorker,
      openPage: async (url) => {
        const page = openablePage(url, hubEndpoint);
        return page === undefined ? false : lent.openPage(page);
      },
      dataHome: practice ? { folder: lent.data, fixedBy: 'practice' } : lent.dataHome,
      ...(lent.notify && { notify: lent.notify }),
      ...(lent.chooseFolder && { chooseFolder: lent.chooseFolder }),
      ...(lent.showFolder && { showFolder: lent.showFolder }),
      ...(lent.takeWish && { takeWish: lent.takeWish }),
      ...(lent.stayInTray && { stayInTray: lent.stayInTray }),
      ...(lent.accent && { accent: lent.accent }),
      ...(lent.readClipboard && { readClipboard: lent.readClipboard }),
      // Practice talks to nobody but this computer.
      ...(lent.updater && !practice && { updater: lent.updater }),
      switchPractice,
      pace: onThisComputer(hubEndpoint) ? practicePace : realPace,
      now: Date.now,
      log: log.log,
    },
    emit,
  );
  await backend.start();
  return {
    practice,
    request: (name, input) => dispatch(backend.handlers, name, input),
    async close() {
      await backend.close();
      await hub?.close();
      await log.close();
    },
  };
}

/** Starts the services in one mode. Rejects when the data folder cannot be made or the practice Hub cannot listen. */
export async function assemble(
  lent: Abilities,
  { practice, emit }: { readonly practice: boolean; readonly emit: (event: BackendEvent) => void },
): Promise<Services> {
  /** A mode that cannot start must not leave the person with none: go back to the one that could. */
  const exchange = async (
    before: Running,
    on: boolean,
  ): Promise<{ readonly mode: Running; readonly failure?: Error }> => {
    await before.close();
    try {
      return { mode: await startMode(on, lent, doors) };
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      return { mode: await startMode(before.practice, lent, doors), failure };
    }
  };
  const setPractice = async (on: boolean): Promise<void> => {
    const before = running;
    const exchanged = before.then((mode) => (mode.practice === on ? undefined : exchange(mode, on)));
    running = exchanged.then((result) => result?.mode ?? before);
    // Without any mode, every request says so; nobody may be waiting just now.
    running.catch(() => undefined);
    const result = await exchanged;
    if (!result) return;
    current = result.mode;
    emit({ type: 'app.restarted' });
    if (result.failure) throw result.failure;
  };
  // The services ask and do not wait: which mode is on now, they and the page learn from `app.restarted`.
  const doors = { emit, switchPractice: (on: boolean) => setPractice(on).catch(() => undefined) };
  let running: Promise<Running> = startMode(practice, lent, doors);
  let current = await running;
  return {
    request: async (name, input) => (await running).request(name, input),
    setPractice,
    get practice() {
      return current.practice;
    },
    close: async () => (await running).close(),
  };
}
