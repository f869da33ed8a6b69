import { Worker } from 'node:worker_threads';
import { type ConversionCode, ConversionError, throwIfCancelled } from './conversionError.ts';
import { type QuantizedBytes, type QuantizeTask, runQuantizeTask } from './quantizeTask.ts';

/** Packs tasks, on other threads where there are any. */
export interface Quantizer {
  /** How many tasks are worth having in flight. */
  readonly width: number;
  /** Weights per task that keep a cancel quick and the threads busy. */
  readonly taskWeights: number;
  quantize(task: QuantizeTask): Promise<QuantizedBytes>;
  close(): Promise<void>;
}

export type FromQuantizeWorker =
  | { readonly id: number; readonly packed: QuantizedBytes }
  | { readonly id: number; readonly refused: { readonly code: ConversionCode; readonly message: string } };

// About 10 ms on the calling thread, which must stay answering; about 0.3 s on a thread, which can be ended any time.
const TASK_WEIGHTS_HERE = 32_768;
const TASK_WEIGHTS_THREADED = 1_048_576;

/** The thread's file: beside this one, in sources and in bundles alike. */
function besideThisFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? 'quantizeWorker.ts' : 'quantizeWorker.js';
  return new URL(name, import.meta.url);
}

/**
 * Starts `threads` threads (0 = none: pack on the calling thread, in small steps). Where threads cannot start, for
 * example without memory for them, the calling thread does the work.
 */
export async function startQuantizer(options: {
  readonly threads: number;
  readonly entry?: URL | undefined;
  readonly signal?: AbortSignal | undefined;
}): Promise<Quantizer> {
  if (options.threads < 1) return quantizeHere(options.signal);
  const workers = Array.from({ length: options.threads }, () => new Worker(options.entry ?? besideThisFile()));
  try {
    await Promise.all(workers.map(whenOnline));
  } catch {
    await Promise.all(workers.map((worker) => worker.terminate()));
    return quantizeHere(options.signal);
  }
  return quantizeOn(workers, options.signal);
}

function whenOnline(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
}

function quantizeHere(signal: AbortSignal | undefined): Quantizer {
  return {
    width: 1,
    taskWeights: TASK_WEIGHTS_HERE,
    async quantize(task) {
      // A turn of the event loop between steps: messages, a cancel among them, get through.
      await new Promise((resolve) => setImmediate(resolve));
      throwIfCancelled(signal);
      return runQuantizeTask(task);
    },
    close: async () => undefined,
  };
}

interface Pending {
  readonly resolve: (packed: QuantizedBytes) => void;
  readonly reject: (error: unknown) => void;
}

function quantizeOn(workers: readonly Worker[], signal: AbortSignal | undefined): Quantizer {
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
    worker.on('message', (message: FromQuantizeWorker) => {
      const task = pending.get(message.id);
      pending.delete(message.id);
      load.set(worker, (load.get(worker) ?? 1) - 1);
      if ('packed' in message) task?.resolve(message.packed);
      else task?.reject(new ConversionError(message.refused.code, message.refused.message));
    });
    worker.on('error', failAll);
    worker.on('exit', (code) => failAll(new Error(`a packing thread ended with code ${code}`)));
  }
  return {
    width: workers.length * 2, // one at work and one waiting per thread
    taskWeights: TASK_WEIGHTS_THREADED,
    quantize(task) {
      if (broken !== undefined) return Promise.reject(broken instanceof Error ? broken : new Error('packing ended'));
      const { promise, resolve, reject } = Promise.withResolvers<QuantizedBytes>();
      const [idlest] = [...load].sort(([, a], [, b]) => a - b)[0] ?? [];
      const id = nextId++;
      pending.set(id, { resolve, reject });
      if (idlest) load.set(idlest, (load.get(idlest) ?? 0) + 1);
      const { buffer } = task.bytes;
      idlest?.postMessage({ id, task }, buffer instanceof ArrayBuffer ? [buffer] : []);
      return promise;
    },
    async close() {
      signal?.removeEventListener('abort', cancel);
      for (const worker of workers) worker.removeAllListeners('exit');
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
