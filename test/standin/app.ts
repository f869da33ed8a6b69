import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cancellable } from './cancellable.ts';
import { records } from './records.ts';

const root = process.env['STANDIN_APP_ROOT'] ?? process.cwd();
// Where the packed parts beside the archive lie.
Object.defineProperty(process, 'resourcesPath', { value: process.env['STANDIN_RESOURCES'] ?? join(root, 'resources') });
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;

/** What must end before the process may. */
const endings: (() => Promise<void> | void)[] = [];
/** Windows that are asked to close when the app quits. */
const closers = new Set<() => Promise<void>>();

export const atEnd = (ending: () => Promise<void> | void): void => void endings.push(ending);
export const openWindows = closers;

/** Whether the process that a lock names is alive; a lock of the dead is taken over. */
function holds(link: string): boolean {
  try {
    return process.kill(Number(readlinkSync(link).split('-').at(-1)), 0);
  } catch {
    return false;
  }
}

class App extends EventEmitter {
  readonly isPackaged = process.env['STANDIN_PACKAGED'] === '1';
  #ready = false;
  #quitting = false;
  #locked = false;
  #again: string | undefined;
  readonly #paths = new Map<string, string>();

  isReady(): boolean {
    return this.#ready;
  }
  whenReady(): Promise<void> {
    return this.#ready ? Promise.resolve() : new Promise((resolve) => this.once('ready', () => resolve()));
  }
  getName(): string {
    return about['productName'] ?? about['name'] ?? '';
  }
  getVersion(): string {
    return about['version'] ?? '';
  }
  getAppPath(): string {
    return root;
  }
  getLocale(): string {
    return 'en-US';
  }
  setAppUserModelId(): void {}
  setAsDefaultProtocolClient(scheme: string): boolean {
    records.protocols.push(scheme);
    return true;
  }

  getPath(name: string): string {
    if (name === 'exe') return process.execPath;
    if (name === 'temp') return tmpdir();
    const userData = this.#paths.get('userData') ?? mkdtempSync(join(tmpdir(), 'standin-'));
    this.#paths.set('userData', userData);
    const known: Record<string, string> = {
      userData,
      sessionData: userData,
      logs: join(userData, 'logs'),
      home: userData,
    };
    const path = this.#paths.get(name) ?? known[name];
    if (path === undefined) throw new Error(`Failed to get '${name}' path`);
    mkdirSync(path, { recursive: true });
    return path;
  }
  setPath(name: string, path: string): void {
    if (this.#ready && name !== 'logs') throw new Error(`The stand-in wants setPath('${name}') before ready.`);
    // So its documentation says; a first start finds no folder at all.
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`);
    this.#paths.set(name, path);
  }

  /**
   * A symbolic link in userData, as Chromium makes it on Linux and macOS. False also where it cannot be made:
   * STANDIN_NO_LINKS=1 plays a disk without such links. STANDIN_LOCK_TAKEN=1 plays a second start.
   */
  requestSingleInstanceLock(): boolean {
    if (process.env['STANDIN_NO_LINKS'] === '1') return false;
    const taken = process.env['STANDIN_LOCK_TAKEN'] === '1';
    const link = this.#lockPath();
    try {
      if (taken || !holds(link)) rmSync(link, { force: true });
      symlinkSync(`${hostname()}-${taken ? process.ppid : process.pid}`, link);
      this.#locked = !taken;
      return this.#locked;
    } catch {
      return false;
    }
  }

  releaseSingleInstanceLock(): void {
    if (this.#locked) rmSync(this.#lockPath(), { force: true });
    this.#locked = false;
  }
  #lockPath(): string {
    return join(this.getPath('userData'), 'SingletonLock');
  }

  quit(): void {
    void this.#quit();
  }
  async #quit(): Promise<void> {
    if (this.#quitting) return;
    const before = cancellable();
    this.emit('before-quit', before);
    if (before.defaultPrevented) return;
    this.#quitting = true;
    for (const close of [...closers]) await close();
    const last = cancellable();
    if (closers.size === 0) this.emit('will-quit', last);
    this.#quitting = false;
    if (closers.size > 0 || last.defaultPrevented) return;
    this.exit(0);
  }
  /**
   * What it was asked to start anew is in the log; whoever plays the system does it. Electron's helper does not come out
   * of an AppImage: its program goes with the mount, and it may not mount another.
   */
  relaunch({ args = [], execPath = process.execPath }: { args?: string[]; execPath?: string } = {}): void {
    if (process.env['APPIMAGE'] !== undefined) return console.log('[stand-in] the relauncher was lost');
    this.#again = JSON.stringify({ args, execPath });
  }
  exit(code = 0): void {
    this.emit('quit', {}, code);
    this.releaseSingleInstanceLock();
    void (async () => {
      for (const ending of endings.splice(0)) await ending();
      if (this.#again !== undefined) console.log(`[stand-in] starts again ${this.#again}`);
      process.exit(code);
    })();
  }

  /** True while `quit` closes windows: the last one does not start a second quit. */
  get quitting(): boolean {
    return this.#quitting;
  }

  /** Called by the runner when the main module has been evaluated, which is when Electron becomes ready. */
  becomeReady(): void {
    this.#ready = true;
    this.emit('will-finish-launching');
    this.emit('ready', {}, {});
  }
}

/** `app` of Electron. */
export const app = new App();
