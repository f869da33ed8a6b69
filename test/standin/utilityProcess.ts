import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { isAbsolute } from 'node:path';
import { app, atEnd } from './app.ts';

interface ForkOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly execArgv?: string[];
  readonly stdio?: 'ignore' | 'inherit' | 'pipe';
  readonly serviceName?: string;
}

const children = new Set<ChildProcess>();
const signalNumbers: Record<string, number> = { SIGTERM: 15, SIGKILL: 9, SIGSEGV: 11, SIGABRT: 6 };
atEnd(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** A utility process: a real process of its own, with its own environment and its own crash. */
class UtilityProcess extends EventEmitter {
  readonly #child: ChildProcess;
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
      execArgv: [...(options.execArgv ?? []), '--import', register],
    });
    children.add(this.#child);
    this.pid = this.#child.pid;
    this.stdout = this.#child.stdout;
    this.stderr = this.#child.stderr;
    this.#child.on('spawn', () => this.emit('spawn'));
    this.#child.on('error', (error) => this.emit('error', 'FatalError', '', String(error)));
    this.#child.on('message', (message) => this.emit('message', message));
    this.#child.on('exit', (code, signal) => {
      children.delete(this.#child);
      this.pid = undefined;
      this.emit('exit', code ?? 128 + (signalNumbers[signal ?? ''] ?? 0));
    });
  }

  postMessage(message: unknown): void {
    if (this.#child.connected) this.#child.send({ data: structuredClone(message) });
  }
  kill(): boolean {
    return this.#child.kill();
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
