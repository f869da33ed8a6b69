/**
 * Where checksums are computed: large files on threads of their own, so that the network and the window do not wait for
 * SHA-256, and as many files at once as there are threads; small ones here, because a thread costs more than they do.
 */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setImmediate as breathe } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Checksum } from './cachePaths.ts';
import { openFileSum, type Piece, takePieces } from './checksum.ts';
import { orAbort } from './waits.ts';

/** One file on its way to a checksum, wherever that is computed. Rejects with system errors. */
export interface FileHash {
  /**
   * Reads the pieces that begin at byte `from`, where those before ended; answers how many of them were good, stopping at
   * the first that is not. May be asked again before it has answered: after a bad piece nothing is good.
   */
  take(from: number, pieces: readonly Piece[]): Promise<number>;
  /** The checksum in hex, of everything taken. */
  digest(): Promise<string>;
  close(): Promise<void>;
}

export interface Hashing {
  open(path: string, kind: Checksum['kind'], bytes: number): Promise<FileHash>;
  /** Ends the threads. What is still asked of them rejects. */
  close(): Promise<void>;
}

type Order =
  | { readonly do: 'open'; readonly path: string; readonly kind: Checksum['kind']; readonly bytes: number }
  | { readonly do: 'take'; readonly from: number; readonly pieces: readonly Piece[] }
  | { readonly do: 'digest' }
  | { readonly do: 'close' };

export interface ToHashWorker {
  readonly id: number;
  readonly file: number;
  readonly order: Order;
}

export interface FromHashWorker {
  readonly id: number;
  readonly good?: number;
  readonly hex?: string;
  readonly failed?: { readonly message: string; readonly code?: string };
}

// More files at once than this are rarely in flight, and each thread takes some 10 MB.
const mostThreads = 4;

/** The thread's file: beside this one, in sources and in bundles alike. */
function besideThisFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'hashWorker.ts' : 'hashWorker.js', import.meta.url);
}

/** Starts without threads; they come with the first file of `threadFromBytes` bytes or more. */
export function startHashing(options: { readonly threadFromBytes: number; readonly threads?: number }): Hashing {
  const most = options.threads ?? Math.min(mostThreads, availableParallelism());
  const threads: HashThread[] = [];

  async function idlest(): Promise<HashThread | undefined> {
    const free = threads.find((thread) => thread.files() === 0);
    if (free) return free;
    if (threads.length < most) {
      const started = startThread();
      threads.push(started);
      // Where no thread can start, for want of memory say, this one does the work.
      if (await started.ready) return started;
      threads.splice(threads.indexOf(started), 1);
    }
    return threads.toSorted((a, b) => a.files() - b.files())[0];
  }

  return {
    async open(path, kind, bytes) {
      const thread = bytes >= options.threadFromBytes ? await idlest() : undefined;
      return thread ? thread.open(path, kind, bytes) : hashHere(path, kind, bytes);
    },
    close: async () => void (await Promise.all(threads.map((thread) => thread.end()))),
  };
}

const pieceBytes = 8 * 2 ** 20;

/** Whether the file at `path` has exactly these bytes. Absent or unreadable = false. Rejects only when aborted. */
export async function fileMatches(
  hashing: Hashing,
  file: { readonly path: string; readonly bytes: number; readonly checksum: Checksum },
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const { path, bytes, checksum } = file;
  let sum: FileHash | undefined;
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size !== bytes) return false;
    sum = await hashing.open(path, checksum.kind, bytes);
    for (let at = 0; at < bytes; at += pieceBytes) {
      if ((await orAbort(sum.take(at, [{ bytes: Math.min(pieceBytes, bytes - at) }]), signal)) === 0) return false;
    }
    return (await orAbort(sum.digest(), signal)) === checksum.hex;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  } finally {
    await sum?.close();
  }
}

/** On the calling thread, with a turn of the event loop between pieces. */
function hashHere(path: string, kind: Checksum['kind'], bytes: number): FileHash {
  const sum = openFileSum(path, kind, bytes);
  let last: Promise<unknown> = Promise.resolve();
  async function pass(from: number, pieces: readonly Piece[]): Promise<number> {
    let good = 0;
    let at = from;
    for (const piece of pieces) {
      if (takePieces(sum, at, [piece]) === 0) break;
      good++;
      at += piece.bytes;
      await breathe();
    }
    return good;
  }
  return {
    take(from, pieces) {
      const mine = last.then(() => pass(from, pieces));
      last = mine.catch(() => undefined); // told to whoever asked
      return mine;
    },
    digest: async () => sum.digest(),
    close: async () => sum.close(),
  };
}

interface HashThread {
  /** false when the thread could not be started. */
  readonly ready: Promise<boolean>;
  files(): number;
  open(path: string, kind: Checksum['kind'], bytes: number): Promise<FileHash>;
  end(): Promise<void>;
}

function startThread(): HashThread {
  const worker = new Worker(besideThisFile(), { resourceLimits: { maxOldGenerationSizeMb: 64 } });
  worker.unref(); // a pause must not keep the process
  const waiting = new Map<number, PromiseWithResolvers<FromHashWorker>>();
  const open = new Set<number>();
  let nextId = 1;
  let broken: Error | undefined;
  const fail = (error: Error): void => {
    broken ??= error;
    for (const one of waiting.values()) one.reject(broken);
    waiting.clear();
  };
  worker.on('message', (answer: FromHashWorker) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.failed === undefined) one?.resolve(answer);
    else one?.reject(Object.assign(new Error(answer.failed.message), { code: answer.failed.code }));
  });
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () => fail(new Error('The thread that proves files has ended')));

  function ask(file: number, order: Order): Promise<FromHashWorker> {
    if (broken) return Promise.reject(broken);
    const id = nextId++;
    const answer = Promise.withResolvers<FromHashWorker>();
    waiting.set(id, answer);
    worker.postMessage({ id, file, order } satisfies ToHashWorker);
    return answer.promise;
  }

  return {
    ready: new Promise((resolve) => {
      worker.once('online', () => resolve(true));
      worker.once('error', () => resolve(false));
    }),
    files: () => open.size,
    async open(path, kind, bytes) {
      const file = nextId++;
      open.add(file);
      try {
        await ask(file, { do: 'open', path, kind, bytes });
      } catch (error) {
        open.delete(file);
        throw error;
      }
      return {
        take: async (from, pieces) => (await ask(file, { do: 'take', from, pieces })).good ?? 0,
        digest: async () => (await ask(file, { do: 'digest' })).hex ?? '',
        async close() {
          if (open.delete(file)) await ask(file, { do: 'close' }).catch(() => undefined);
        },
      };
    },
    end: async () => void (await worker.terminate()),
  };
}
