/** Kills a preparation with SIGKILL at a chosen system call, and looks at what is left with the eyes of the next start. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listModels, readManifest, sweepUnfinished, verifyModel } from '../../../electron/services/models/manifest.ts';
import { tinyModel, writeCheckpoint } from '../../reference/checkpoint.ts';
import { tinyConfigs } from '../../reference/configs.ts';
import type { PrepareJob } from './preparedChild.ts';

/** Every way in which the two change a disk. One thread of the pool, so that the order is always the same. */
const calls = {
  careful: ['mkdir', 'ftruncate', 'pwrite64', 'fsync', 'rename', 'unlink', 'rmdir'],
  naive: ['copy_file_range', 'sendfile', 'ioctl'],
} as const;

const child = join(import.meta.dirname, 'preparedChild.ts');
const node = process.execPath;

export interface Kill {
  readonly call: string;
  readonly nth: number;
}

/** What the next start found. */
export interface Aftermath {
  readonly killed: boolean;
  /** Folders under a final name; each has to be whole. */
  readonly models: number;
  readonly half: readonly string[];
  /** Folders that only the sweep at start removed. */
  readonly swept: number;
  readonly left: readonly string[]; // after that sweep, beside models
  readonly sourceTouched: boolean;
}

export class KillRoom {
  readonly folder = mkdtempSync(join(tmpdir(), 'killed-'));
  readonly source = join(this.folder, 'source');
  readonly #print: string;
  #count = 0;

  constructor() {
    writeCheckpoint(this.source, tinyModel(tinyConfigs['llama with tied embeddings'], 3), { shards: 2 });
    this.#print = this.#fingerprint();
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A prepared folder, made without any kill. */
  prepared(): string {
    const modelsFolder = this.#models();
    this.#run({ mode: 'careful', source: this.source, modelsFolder, name: '' });
    return join(modelsFolder, readdirSync(modelsFolder)[0] ?? '');
  }

  /** Every system call at which a kill is worth while, in the order of kinds. */
  kills(job: Pick<PrepareJob, 'mode' | 'source'>): Kill[] {
    const log = join(this.folder, 'calls');
    // What it compiled is kept from now on: the others write none of that.
    this.#run({ ...job, modelsFolder: this.#models(), name: 'copied' });
    this.#run({ ...job, modelsFolder: this.#models(), name: 'copied' }, [
      '-o',
      log,
      '-e',
      `trace=${calls[job.mode].join()}`,
    ]);
    const lines = readFileSync(log, 'utf8').split('\n');
    return calls[job.mode].flatMap((call) => {
      // Counted per thread, as strace counts: a kill goes to the thread that got so far.
      const perThread = new Map<string, number>();
      for (const line of lines) {
        const found = new RegExp(`^(\\d+) +${call}\\(`).exec(line)?.[1];
        if (found !== undefined) perThread.set(found, (perThread.get(found) ?? 0) + 1);
      }
      const most = Math.max(0, ...perThread.values());
      return Array.from({ length: most }, (_, i) => ({ call, nth: i + 1 }));
    });
  }

  /** Runs a preparation to its death, then does what a start does. */
  async kill(job: Pick<PrepareJob, 'mode' | 'source'>, { call, nth }: Kill): Promise<Aftermath> {
    const modelsFolder = this.#models();
    const inject = ['-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`];
    const done = this.#run({ ...job, modelsFolder, name: 'copied' }, inject);
    const swept = await sweepUnfinished(modelsFolder);
    const names = readdirSync(modelsFolder);
    const listed = new Set((await listModels(modelsFolder)).map((model) => model.id));
    const half: string[] = [];
    for (const name of names.filter((one) => !one.startsWith('.'))) {
      const manifest = await readManifest(join(modelsFolder, name));
      const wrong = manifest ? await verifyModel(join(modelsFolder, name), manifest) : ['no manifest'];
      if (wrong.length > 0 || (job.mode === 'careful' && !listed.has(name))) half.push(name);
    }
    const left = names.filter((name) => name.startsWith('.'));
    rmSync(modelsFolder, { recursive: true });
    return {
      killed: !done,
      models: names.length - left.length,
      half,
      swept,
      left,
      sourceTouched: this.#fingerprint() !== this.#print,
    };
  }

  #models(): string {
    const folder = join(this.folder, `models ${++this.#count}`);
    mkdirSync(folder);
    return folder;
  }

  /** Answers whether the child lived to its end. */
  #run(job: PrepareJob, strace: readonly string[] = []): boolean {
    const command = [node, child, JSON.stringify(job)];
    const [program = '', ...rest] = strace.length > 0 ? ['strace', '-f', ...strace, ...command] : command;
    const { stdout, stderr, error } = spawnSync(program, rest, {
      env: {
        ...process.env,
        UV_THREADPOOL_SIZE: '1',
        ORT_DISABLE_TELEMETRY: '1',
        NODE_COMPILE_CACHE: join(this.folder, 'compiled'), // a child starts in half the time
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (error) throw error;
    const done = stdout.toString().includes('done');
    if (!done && strace.every((word) => !word.startsWith('inject'))) throw new Error(stderr.toString());
    return done;
  }

  #fingerprint(): string {
    const hash = createHash('sha256');
    for (const name of readdirSync(this.source).sort()) hash.update(name).update(readFileSync(join(this.source, name)));
    return hash.digest('hex');
  }
}
