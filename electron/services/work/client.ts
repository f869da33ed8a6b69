import type { Problem } from '../../contract/problem.ts';
import { failed, type Result } from '../../contract/result.ts';
import type { LogEntry, WorkerProcess } from '../ports.ts';
import type { FromWorker } from './protocol.ts';

type InputOf<W> = W extends { input: infer I } ? I : never;
type OutputOf<W> = W extends { output: infer O } ? O : never;
type EventOf<W> = W extends { event: infer E } ? E : never;

/** The main side's hold on one worker process. */
export interface WorkerClient<M> {
  /** Sends one request; resolves once with its result, also when the process dies meanwhile. Abort asks it to stop. */
  call<N extends keyof M & string>(
    name: N,
    input: InputOf<M[N]>,
    options?: { readonly onEvent?: (event: EventOf<M[N]>) => void; readonly signal?: AbortSignal },
  ): Promise<Result<OutputOf<M[N]>>>;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  kill(): void;
}

function isFromWorker(message: unknown): message is FromWorker {
  return typeof message === 'object' && message !== null;
}

/**
 * Wraps a fresh process. `explainExit` turns an exit into the problem that all pending calls get.
 */
export function connectWorker<M>(
  child: WorkerProcess,
  options: {
    readonly explainExit: (exit: { readonly code: number | null; readonly signal?: string }) => Problem;
    readonly log: (entry: LogEntry) => void;
  },
): WorkerClient<M> {
  let next = 1;
  let exitProblem: Problem | undefined;
  const pending = new Map<number, { settle: (result: Result<unknown>) => void; onEvent?: (event: unknown) => void }>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  child.onMessage((message) => {
    if (!isFromWorker(message)) return;
    if ('log' in message) options.log(message.log);
    else if ('result' in message) {
      pending.get(message.seq)?.settle(message.result);
      pending.delete(message.seq);
    } else if ('event' in message) pending.get(message.seq)?.onEvent?.(message.event);
  });
  child.onExit((exit) => {
    exitProblem = options.explainExit(exit);
    for (const call of pending.values()) call.settle(failed(exitProblem));
    pending.clear();
    end();
  });
  return {
    ended,
    kill: () => child.kill(),
    call(name, input, { onEvent, signal } = {}) {
      if (exitProblem) return Promise.resolve(failed(exitProblem));
      const seq = next++;
      const { promise, resolve } = Promise.withResolvers<Result<unknown>>();
      pending.set(seq, { settle: resolve, ...(onEvent && { onEvent: onEvent as (event: unknown) => void }) });
      const cancel = (): void => child.post({ seq, cancel: true });
      signal?.addEventListener('abort', cancel, { once: true });
      child.post({ seq, request: name, input });
      if (signal?.aborted) cancel();
      // The worker answers with the output type of `name`: both ends compile against one protocol.
      return promise.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<never>;
    },
  };
}
