import { Worker } from 'node:worker_threads';
import { type ConversionCode, ConversionError, throwIfCancelled } from '../conversionError.ts';
import { createPacker } from './packer.ts';
import { type PackTask, runPackTask } from './packTask.ts';

/** Packs tasks, on other threads where there are any. */
export interface Packers {
  /** How many tasks are worth having in flight. */
  readonly width: number;
  /** Weights per task that keep a cancel quick and the threads busy. */
  readonly taskWeights: number;
  /** Resolves once the task's rows are written. */
  pack(task: PackTask): Promise<void>;
  /** Ends the threads; no file is touched after this. */
  close(): Promise<void>;
}

export type FromPackWorker =
  | { readonly id: number; readonly refused?: undefined }
  | {
      readonly id: number;
      readonly refused: { readonly code: ConversionCode; readonly message: string; readonly file: string | undefined };
    };

// A few milliseconds on the calling thread, which must stay answering; about 20 ms on a thread, which can be ended.
const TASK_WEIGHTS_HERE = 262_144;
const TASK_WEIGHTS_THREADED = 4_194_304;

/** The thread's file: beside this one, in sources and in bundles alike. */
function besideThisFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? 'packWorker.ts' : 'packWorker.js';
  return new URL(name, import.meta.url);
}

/**
 * Starts `threads` threads (0 = none: pack on the calling thread, in small steps). Where threads cannot start, for
 * example without memory for them, the calling thread does the work.
 */
export async function startPackers(options: {
  readonly threads: number;
  readonly entry?: URL | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Packers> {
  if (options.threads < 1) return packHere(options.signal);
  const workers = Array.from({ length: options.threads }, () => new Worker(options.entry ?? besideThisFile()));
  try {
    await Promise.all(workers.map(whenOnline));
  } catch {
    await Promise.all(workers.map((worker) => worker.terminate()));
    return packHere(options.signal);
  }
  return packOn(workers, options.signal);
}

function whenOnline(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
}

function packHere(signal: AbortSignal | undefined): Packers {
  const packer = createPacker();
  return {
    width: 1,
    taskWeights: TASK_WEIGHTS_HERE,
    async pack(task) {
      // A turn of the event loop between steps: messages, a cancel among them, get through.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCancelled(signal);
      runPackTask(packer, task);
    },
    close: async () => undefined,
  };
}

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function packOn(workers: readonly Worker[], signal: AbortSignal | undefined): Packers {
  const pending = new Map<number, Pending>();
  const load = new Map(workers.map((worker) => [worker, 0]));
  let nextId = 1;
  let broken: unknown;
  const failAll = (error: unknown): void => {
    broken ??= error;
    for (const task of pending.values()) task.reject(broken);
    pending.clear();
  };
  const cancel = (): void => failAll(new ConversionError('cancelled', 'the conversion was cancelled'));
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  for (const worker of workers) {
    worker.on('message', ({ id, refused }: FromPackWorker) => {
      const task = pending.get(id);
      pending.delete(id);
      load.set(worker, (load.get(worker) ?? 1) - 1);
      if (refused) task?.reject(new ConversionError(refused.code, refused.message, refused.file));
      else task?.resolve();
    });
    worker.on('error', failAll);
    worker.on('exit', (code) => failAll(new Error(`a packing thread ended with code ${code}`)));
  }
  return {
    width: workers.length * 2, // one at work and one waiting per thread
    taskWeights: TASK_WEIGHTS_THREADED,
    pack(task) {
      if (broken !== undefined) return Promise.reject(broken instanceof Error ? broken : new Error('packing ended'));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const [idlest] = [...load].sort(([, a], [, b]) => a - b)[0] ?? [];
      const id = nextId++;
      pending.set(id, { resolve, reject });
      if (idlest) load.set(idlest, (load.get(idlest) ?? 0) + 1);
      const { from } = task;
      const moved = from instanceof Uint8Array && from.buffer instanceof ArrayBuffer ? [from.buffer] : [];
      idlest?.postMessage({ id, task }, moved);
      return promise;
    },
    async close() {
      signal?.removeEventListener('abort', cancel);
      for (const worker of workers) worker.removeAllListeners('exit');
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
