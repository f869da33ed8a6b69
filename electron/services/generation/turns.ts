import { failed, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';

/** Who waits for the model: the chat page, or other programs through the local server. */
export type Lane = 'page' | 'server';

/** One task at a time. */
export interface Turns {
  /**
   * Runs `task` when its turn has come. Where both lanes wait they take turns, so that neither a script nor a chat keeps
   * the other away. An abort while waiting gives the place up and answers at once.
   */
  take<T>(this: void, lane: Lane, task: () => Promise<Result<T>>, signal?: AbortSignal): Promise<Result<T>>;
  /** How many of a lane wait; the running one is not among them. */
  waiting(lane: Lane): number;
  /** Resolves as soon as nothing runs and nobody waits. */
  quiet(): Promise<void>;
}

export function createTurns(): Turns {
  const queues: Readonly<Record<Lane, (() => Promise<unknown>)[]>> = { page: [], server: [] };
  let running = false;
  let listeners: (() => void)[] = [];
  let last: Lane = 'server';

  const next = (): void => {
    const other: Lane = last === 'page' ? 'server' : 'page';
    const lane = queues[other].length > 0 ? other : last;
    const start = queues[lane].shift();
    running = start !== undefined;
    if (!start) {
      for (const tell of listeners) tell();
      listeners = [];
      return;
    }
    last = lane;
    void start().finally(next);
  };

  return {
    waiting: (lane) => queues[lane].length,
    quiet: () => (running ? new Promise<void>((resolve) => listeners.push(resolve)) : Promise.resolve()),
    take: <T>(lane: Lane, task: () => Promise<Result<T>>, signal?: AbortSignal) => {
      if (signal?.aborted) return Promise.resolve<Result<T>>(failed(cancelled()));
      const { promise, resolve, reject } = Promise.withResolvers<Result<T>>();
      const leave = (): void => {
        queues[lane].splice(queues[lane].indexOf(start), 1);
        resolve(failed(cancelled()));
      };
      const start = async (): Promise<void> => {
        signal?.removeEventListener('abort', leave);
        try {
          resolve(await task());
        } catch (error) {
          reject(error);
        }
      };
      signal?.addEventListener('abort', leave, { once: true });
      queues[lane].push(start);
      if (!running) next();
      return promise;
    },
  };
}
