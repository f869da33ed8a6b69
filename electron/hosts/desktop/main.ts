/** The desktop host: one window on our page, the services in this process, heavy work in utility processes. */
import '../quiet.ts';
import { lstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { app, type BrowserWindow, clipboard, dialog } from 'electron';
import { createNodeHttp } from '../../adapters/nodeHttp.ts';
import { createNodeWay } from '../../adapters/nodeNetwork.ts';
import type { BackendEvent } from '../../contract/ipc.ts';
import { makeFolderSync } from '../../services/durable/files.ts';
import type { OutsideWish } from '../../services/ports.ts';
import { assemble, type Services } from '../assemble.ts';
import { dataHome, findData } from '../folders.ts';
import { type FolderLock, lockFolder } from '../folderLock.ts';
import { type HostOptions, readOptions } from '../options.ts';
import { waitForData } from '../waitForData.ts';
import { systemAccent } from './accent.ts';
import { type AtWork, watchWork } from './atWork.ts';
import { confinePages } from './confine.ts';
import { addContextMenu } from './contextMenu.ts';
import { linkScheme, repoOfLink } from './deepLink.ts';
import { beDoctor, doctorWords } from './doctor.ts';
import { hearDrops, sendEvent, serveRequests } from './ipc.ts';
import { setMenu } from './menu.ts';
import { createDesktopNetwork } from './network.ts';
import { moveAtStart } from './moveAtStart.ts';
import { notifier } from './notify.ts';
import { openPage, showFolder } from './openOutside.ts';
import { wishOfCommandLine, wishOfFile } from './outside.ts';
import { declareAppScheme, serveRenderer } from './protocol.ts';
import { relaunch } from './relaunch.ts';
import { useTemporarySession } from './temporarySession.ts';
import { createTrayIcon } from './tray.ts';
import { createUpdater } from './updater.ts';
import { openWindow, showWindow } from './window.ts';
import { windowMemory } from './windowState.ts';
import { offerReload, offerWait } from './windowTrouble.ts';
import { createWishes } from './wishes.ts';
import { startUtilityProcess } from './workers.ts';

const dist = resolve(import.meta.dirname, '..');
const options = readOptions(process.argv.slice(1), { strict: false });
const home = dataHome(process.env, process.platform, homedir(), options.data);
/** Electron wants to know before it is ready. */
const found = findDataOrFail();
const data = found.folder;
/** Set by `settle`; a data folder that is away, or about to move, must not be written to. */
let memory = windowMemory(data);
const wishes = createWishes(() => sendEvent({ type: 'app.wished' }, windows));
const tray = createTrayIcon(show);
let windows: readonly BrowserWindow[] = [];
let opening: Promise<void> | undefined;
let services: Services | undefined;
let lock: FolderLock | undefined;
let atWork: AtWork | undefined;

function findDataOrFail(): ReturnType<typeof findData> {
  try {
    return findData(home);
  } catch (error) {
    fail(error);
    throw error;
  }
}

/** One at a time: where it stood comes from the disk, and meanwhile somebody else may ask for it. */
function openMainWindow(): Promise<void> {
  return (opening ??= makeWindow().finally(() => (opening = undefined)));
}

async function makeWindow(): Promise<void> {
  const window = openWindow({
    preload: join(dist, 'preload', 'preload.cjs'),
    place: await memory.recall(),
    onDead: () => void offerReload(window),
    onHung: (signal) => offerWait(window, signal),
  });
  memory.follow(window);
  addContextMenu(window);
  windows = [...windows, window];
  // Windows ends or the person signs out: nobody waits for us, and no other event will come.
  window.once('session-end', () => void leave().catch((error: unknown) => console.error(error)));
  window.once('closed', () => (windows = windows.filter((other) => other !== window)));
}

function show(): void {
  const [window] = windows;
  if (window) showWindow(window);
  else if (lock) void openMainWindow();
}

/** What comes from outside only asks; the page shows what it is, and the person decides. */
function open(wish: OutsideWish | undefined): void {
  if (wish) wishes.add(wish);
  show();
}

/** What the menu asks of the services waits until they are there. */
function drawMenu(running: Services | Promise<Services>, practice: boolean): void {
  const setPractice = async (on: boolean): Promise<void> => {
    const all = await running;
    // The box was ticked by the click; without a change of mode it must be drawn as it was.
    await all.setPractice(on).catch(() => drawMenu(all, all.practice));
  };
  setMenu({
    practice,
    setPractice: (on) => void setPractice(on),
    wish: open,
    showData: () => void showFolder(data),
    devTools: !app.isPackaged,
  });
}

async function startServices({ practice }: HostOptions): Promise<Services> {
  if (found.state === 'away') return waitForData(found.usual, data, relaunch);
  return assemble(
    {
      host: 'desktop',
      version: app.getVersion(),
      data,
      dataHome: home.fixedBy === undefined ? { folder: data, usual: home.usual, restart: relaunch } : home,
      practiceModel: join(dist, 'practice-model'),
      network: createDesktopNetwork({
        node: createNodeHttp(),
        nodeWay: createNodeWay(process.env),
        env: process.env,
        now: Date.now,
      }),
      startWorker: (name) => startUtilityProcess(join(dist, 'electron', `${name}.js`)),
      openPage,
      notify: notifier(show),
      chooseFolder: async () => {
        const asked = await dialog.showOpenDialog({ properties: ['openDirectory', 'createDirectory'] });
        return asked.canceled ? undefined : asked.filePaths[0];
      },
      showFolder,
      takeWish: () => wishes.take(),
      stayInTray: (on) => tray.set(on),
      accent: systemAccent,
      readClipboard: async () => clipboard.readText(),
      updater: createUpdater({ leave, onFailure: updateFailed }),
    },
    {
      practice,
      emit: (event: BackendEvent) => {
        sendEvent(event, windows);
        atWork?.hear(event);
        // The page can change the mode as well; the menu follows.
        if (event.type === 'app.restarted' && services) drawMenu(services, services.practice);
      },
    },
  );
}

async function start(): Promise<void> {
  if (found.state === 'unfinished') {
    if (await moveAtStart(found.usual, data)) relaunch();
    else app.exit(0);
    return;
  }
  lock = await lockFolder(data, { onKnock: show });
  if (!lock) {
    console.error(`Latchkey is already running with ${data}.`);
    app.exit(0);
    return;
  }
  confinePages();
  serveRenderer(join(dist, 'renderer'));
  atWork = watchWork(
    () => windows,
    async (name, repo) => services?.request(name, { repo }),
  );
  const starting = startServices(options);
  // The window does not wait for the services: its first questions do.
  serveRequests(
    async (name, input) => (await starting).request(name, input),
    () => windows,
  );
  hearDrops(
    (path) => open({ kind: 'bring', path }),
    () => windows,
  );
  drawMenu(starting, options.practice);
  await openMainWindow();
  // The window shows itself once there is something to see.
  const wish = wishOfCommandLine(process.argv.slice(1));
  if (wish) wishes.add(wish);
  services = await starting;
  drawMenu(services, services.practice);
}

/** Everything of ours ends and is on disk; what is left is the process. */
async function leave(): Promise<void> {
  const closing = services;
  services = undefined;
  await closing?.close();
  await memory.settled();
  await lock?.release();
  app.releaseSingleInstanceLock();
}

/** Everything of ours has ended by then, so that this process is of no more use. */
function updateFailed(error: unknown): void {
  console.error(error);
  const reason = error instanceof Error ? error.message : String(error);
  dialog.showErrorBox('The update could not be installed', `Latchkey starts again as it was. (${reason})`);
  relaunch();
}

/** Closing waits for the services, so that the last words are on disk; a second quit does not wait. */
function stop(event: Electron.Event): void {
  if (!services) return;
  event.preventDefault();
  void leave()
    .catch((error: unknown) => console.error(error))
    .finally(() => app.quit());
}

/** Electron refuses a place that does not exist, and at the first start none does. */
function settle(): void {
  if (found.state !== 'here') {
    memory = windowMemory(useTemporarySession(found.state));
    return;
  }
  // Chromium's own files stay apart from the person's.
  const browser = join(data, 'browser');
  makeFolderSync(browser);
  app.setPath('userData', data);
  app.setPath('sessionData', browser);
}

/**
 * Electron cannot lock a folder without symbolic links (a stick, a share) and answers as if somebody had it. `start` will
 * find out, by our own lock.
 */
function somebodyIsThere(): boolean {
  const link = join(app.getPath('userData'), 'SingletonLock');
  return process.platform === 'win32' || lstatSync(link, { throwIfNoEntry: false }) !== undefined;
}

function fail(error: unknown): void {
  console.error(error);
  dialog.showErrorBox('Latchkey could not start', error instanceof Error ? error.message : String(error));
  app.exit(1);
}

function run(): void {
  declareAppScheme();
  settle();
  app.setAppUserModelId('app.latchkey.desktop');
  if (!app.requestSingleInstanceLock() && somebodyIsThere()) {
    app.quit();
    return;
  }
  // Neither a development checkout nor a portable program, whose unpacked copy goes with it, may take the links of an
  // installed Latchkey.
  const portable = process.env['PORTABLE_EXECUTABLE_DIR'] !== undefined;
  if (app.isPackaged && !portable) app.setAsDefaultProtocolClient(linkScheme);
  app.on('second-instance', (_event, words) => open(wishOfCommandLine(words)));
  app.on('open-url', (event, link) => {
    event.preventDefault();
    const repo = repoOfLink(link);
    open(repo === undefined ? undefined : { kind: 'set-up', repo });
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open(wishOfFile(path));
  });
  app.on('activate', show);
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin' && !tray.shown) app.quit();
  });
  app.on('will-quit', stop);
  // Not awaited: `ready` comes only after this module has been evaluated.
  void app.whenReady().then(start).catch(fail);
}

// Without a package, the first word is the folder of the project.
const sick = doctorWords(process.argv.slice(app.isPackaged ? 1 : 2));
try {
  if (sick) beDoctor(sick, { workers: join(dist, 'electron') });
  else run();
} catch (error) {
  fail(error);
}
