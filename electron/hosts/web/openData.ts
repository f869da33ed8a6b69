/** The web host's way to the data folder: found, moved on where a move was under way, locked, and the services opened on it. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendEvent } from '../../contract/ipc.ts';
import { dataAway } from '../../services/dataHome/explain.ts';
import { finishMove } from '../../services/dataHome/rest.ts';
import { assemble, type Services } from '../assemble.ts';
import { type DataHome, findData } from '../folders.ts';
import { type FolderLock, lockFolder } from '../folderLock.ts';
import { startNodeProcess } from '../nodeWorkers.ts';
import { waitForData } from '../waitForData.ts';

/** As Electron does for the desktop host: the version is the package's. */
function version(dist: string): string {
  const about: unknown = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8'));
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '';
}

const alreadyRunning = (folder: string): string =>
  `Latchkey is already running with ${folder}. Close it first, or use --data with another folder.`;

/** Latchkey on its data folder, wherever that is: the services with the lock that lets nobody else in. */
export interface Opened {
  readonly data: string;
  readonly services: Services;
  close(): Promise<void>;
}

async function lockOrSay(folder: string, say: OpenDoors['say']): Promise<FolderLock> {
  const lock = await lockFolder(folder, {
    onKnock: () => say('Somebody tried to start Latchkey again; it is running here.'),
  });
  if (!lock) throw new Error(alreadyRunning(folder));
  return lock;
}

/** Finishes a move of the data folder, with everything locked that it touches. Answers the folder that counts then. */
async function finishLocked(usual: string, from: string, say: OpenDoors['say']): Promise<string> {
  const locks = [await lockOrSay(usual, say), ...(from === usual ? [] : [await lockOrSay(from, say)])];
  try {
    say('Moving chats, settings and logs to their new folder ...');
    const folder = await finishMove(usual, { now: Date.now });
    say(`The data folder is ${folder}.`);
    return folder;
  } finally {
    for (const lock of locks) await lock.release();
  }
}

interface OpenDoors {
  readonly dist: string;
  readonly practice: boolean;
  readonly emit: (event: BackendEvent) => void;
  readonly again: () => void;
  /** Tells whoever looks at the terminal. */
  readonly say: (text: string) => void;
}

/** Opens the data folder. `again` closes what this answered and opens it anew, perhaps elsewhere. */
export async function openData(home: DataHome, { dist, practice, emit, again, say }: OpenDoors): Promise<Opened> {
  const found = findData(home);
  if (found.state === 'away') {
    say(`\n  ${dataAway(found.folder).title}: ${found.folder}\n`);
    const services = waitForData(found.usual, found.folder, again);
    // The file that opens the browser needs a folder that is there.
    return { data: tmpdir(), services, close: () => services.close() };
  }
  const data = found.state === 'unfinished' ? await finishLocked(found.usual, found.folder, say) : found.folder;
  const lock = await lockOrSay(data, say);
  const services = await assemble(
    {
      host: 'web',
      version: version(dist),
      data,
      dataHome: home.fixedBy === undefined ? { folder: data, usual: home.usual, restart: again } : home,
      practiceModel: join(dist, 'practice-model'),
      startWorker: (name) => startNodeProcess(join(dist, 'electron', `${name}.js`)),
      // The page is in a browser already: it shows the link itself.
      openPage: async () => false,
    },
    { practice, emit },
  );
  return {
    data,
    services,
    async close() {
      await services.close();
      await lock.release();
    },
  };
}
