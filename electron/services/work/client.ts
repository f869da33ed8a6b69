import type { Problem } from '../../contract/problem.ts';
import { failed, type Result } from '../../contract/result.ts';
import type { LogEntry, WorkerExit, WorkerProcess } from '../ports.ts';
import { heard } from './heard.ts';
import type { Doing } from './protocol.ts';
import { watchPulse } from './pulse.ts';

type InputOf<W> = W extends { input: infer I } ? I : never;
type OutputOf<W> = W extends { output: infer O } ? O : never;
type EventOf<W> = W extends { event: infer E } ? E : never;

/** How a process ended. */
export interface WorkerEnd {
  readonly problem: Problem;
  /** What it had announced and not finished. */
  readonly doing?: Doing;
}

/** The main side's hold on one worker process. */
export interface WorkerClient<M> {
  /** Sends one request; resolves once with its result, also when the process dies meanwhile. Abort asks it to stop. */
  call<N extends keyof M & string>(
    name: N,
    input: InputOf<M[N]>,
    options?: { readonly onEvent?: (event: EventOf<M[N]>) => void; readonly signal?: AbortSignal },
  ): Promise<Result<OutputOf<M[N]>>>;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<WorkerEnd>;
  kill(): void;
}

/**
 * Wraps a fresh process. `explainExit` turns an exit into the problem that all pending calls get. With `explainHang` the
 * process is watched while it has something to do, and killed when it is silent for too long; it must answer `ping` and
 * announce what blocks it. A process that says what no worker says is killed: its pending calls get the problem of an exit.
 */
export function connectWorker<M>(
  child: WorkerProcess,
  options: {
    readonly explainExit: (exit: WorkerExit) => Problem;
    readonly explainHang?: (doing: Doing | undefined) => Problem;
    /** Hears of the end before any pending call does. */
    readonly onEnd?: (end: WorkerEnd) => void;
    readonly log: (entry: LogEntry) => void;
  },
): WorkerClient<M> {
  let next = 1;
  let exitProblem: Problem | undefined;
  let verdict: Problem | undefined; // why we killed it ourselves
  const pending = new Map<
    number,
    { name: string; settle: (result: Result<unknown>) => void; onEvent?: (event: unknown) => void }
  >();
  const { promise: ended, resolve: end } = Promise.withResolvers<WorkerEnd>();
  const pulse = watchPulse({
    ping: () => child.post({ seq: next++, request: 'ping' }), // its answer belongs to no call and counts as a sign of life
    onSilence(doing) {
      options.log({ area: 'work', event: 'hang', doing });
      verdict = options.explainHang?.(doing);
      child.kill();
    },
  });
  child.onMessage((words) => {
    if (verdict) return; // it is as good as dead
    const message = heard(words, (seq) => pending.get(seq)?.name);
    if (!message) {
      options.log({ area: 'work', event: 'nonsense' });
      verdict = {
        ...options.explainExit({ code: null }),
        evidence: [{ cause: 'it said what no part of Latchkey says' }],
      };
      child.kill();
      return;
    }
    if ('busy' in message) return pulse.expect(message.busy, message.seconds);
    pulse.heard();
    if ('log' in message) options.log(message.log);
    else if ('result' in message) {
      pending.get(message.seq)?.settle(message.result);
      pending.delete(message.seq);
      if (pending.size === 0) pulse.stop();
    } else if ('event' in message) pending.get(message.seq)?.onEvent?.(message.event);
  });
  child.onExit((exit) => {
    const { doing } = pulse;
    pulse.stop();
    exitProblem = verdict ?? options.explainExit(exit);
    const how = { problem: exitProblem, ...(doing && { doing }) };
    options.onEnd?.(how);
    for (const call of pending.values()) call.settle(failed(exitProblem));
    pending.clear();
    end(how);
  });
  return {
    ended,
    kill: () => child.kill(),
    call(name, input, { onEvent, signal } = {}) {
      if (exitProblem) return Promise.resolve(failed(exitProblem));
      const seq = next++;
      const { promise, resolve } = Promise.withResolvers<Result<unknown>>();
      if (options.explainHang) pulse.start();
      pending.set(seq, { name, settle: resolve, ...(onEvent && { onEvent: onEvent as (event: unknown) => void }) });
      const cancel = (): void => child.post({ seq, cancel: true });
      signal?.addEventListener('abort', cancel, { once: true });
      child.post({ seq, request: name, input });
      if (signal?.aborted) cancel();
      // The worker answers with the output type of `name`: both ends compile against one protocol.
      return promise.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<never>;
    },
  };
}
