import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { isAbsolute } from 'node:path';
import { app, atEnd } from './app.ts';

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly execArgv?: string[];
  readonly stdio?: 'ignore' | 'inherit' | 'pipe';
  readonly serviceName?: string;
}

/** A process takes a while to be there; until then it has no number and cannot be ended. */
const spawnMilliseconds = 30;

/** Chromium makes switches of these words; V8 hears of what one of them names, Node of nothing. */
function flagsOfV8(words: readonly string[] = []): readonly string[] {
  const name = '--js-flags=';
  return words.filter((word) => word.startsWith(name)).flatMap((word) => word.slice(name.length).split(' '));
}

const children = new Set<ChildProcess>();

/** Signals that a process of Chromium may end itself with when V8 cannot go on. */
const fatal: readonly unknown[] = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

atEnd(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** A utility process: a real process of its own, with its own environment and its own crash. */
class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
  #killed = false;
  #spawning: NodeJS.Timeout | undefined;
  pid: number | undefined;
  readonly stdout: ChildProcess['stdout'];
  readonly stderr: ChildProcess['stderr'];

  constructor(entry: string, args: readonly string[], options: ForkOptions) {
    super();
    const stdio = options.stdio ?? 'inherit';
    const register = new URL('./childPort.ts', import.meta.url).href;
    this.#child = fork(entry, args, {
      serialization: 'advanced',
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      env: options.env ?? process.env,
      stdio: ['ignore', stdio, stdio, 'ipc'],
      // A rejection that nobody hears is a warning in there.
      execArgv: [...flagsOfV8(options.execArgv), '--unhandled-rejections=warn-with-error-code', '--import', register],
    });
    children.add(this.#child);
    this.stdout = this.#child.stdout;
    this.stderr = this.#child.stderr;
    this.#spawning = setTimeout(() => this.#spawned(), spawnMilliseconds);
    this.#child.on('message', (message) => {
      this.#spawned();
      this.emit('message', message);
    });
    this.#child.on('error', () => {
      if (this.#child.pid === undefined) this.#end(1); // it could not be started
    });
    this.#child.on('exit', (code, signal) => {
      this.#spawned();
      // Electron tells of V8's last words this way, and an event of this name needs a listener. Whether it was V8 that
      // aborted cannot be known here, so that it is told each time.
      if (fatal.includes(signal)) this.emit('error', 'FatalError', '', '{}');
      this.#end(signal === null ? (code ?? 0) : this.#numberOf(signal));
    });
  }

  #spawned(): void {
    if (this.#spawning === undefined || this.#child.pid === undefined) return;
    clearTimeout(this.#spawning);
    this.#spawning = undefined;
    this.pid = this.#child.pid;
    this.emit('spawn');
  }

  /** What `waitpid` gives for a process that a signal ended: its bare number. `kill` counts as an end without error. */
  #numberOf(signal: NodeJS.Signals): number {
    const gentle = this.#killed && (signal === 'SIGTERM' || signal === 'SIGKILL');
    return gentle ? 0 : constants.signals[signal];
  }

  #end(code: number): void {
    clearTimeout(this.#spawning);
    this.#spawning = undefined;
    children.delete(this.#child);
    this.pid = undefined;
    this.emit('exit', code);
  }

  postMessage(message: unknown): void {
    const copy: unknown = structuredClone(message);
    // What a process does not hear any more is lost without a word.
    if (this.#child.connected) this.#child.send({ data: copy }, () => undefined);
  }
  kill(): boolean {
    if (this.pid === undefined) return false;
    this.#killed = this.#child.kill();
    return this.#killed;
  }
}

/** `utilityProcess` of Electron. */
export const utilityProcess = {
  fork(entry: string, args: readonly string[] = [], options: ForkOptions = {}): UtilityProcess {
    if (!app.isReady()) throw new Error('utilityProcess cannot be created before app is ready.');
    // In a packaged app there is no working folder to be relative to.
    if (!isAbsolute(entry)) throw new TypeError(`The stand-in wants an absolute path, got ${entry}.`);
    return new UtilityProcess(entry, args, options);
  },
};
