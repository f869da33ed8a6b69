import { failed, type Result } from '../../contract/result.ts';
import { badRequest, internal } from '../explain.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** The worker's end of the pipe; `process.send` and Electron's parentPort both fit behind it (workers/port.ts). */
export interface WorkerPort {
  post(message: FromWorker): void;
  onMessage(listener: (message: unknown) => void): void;
}

type Work<M> = {
  readonly [N in keyof M]: M[N] extends { input: infer I; output: infer O; event: infer E }
    ? (input: I, options: { readonly signal: AbortSignal; readonly emit: (event: E) => void }) => Promise<Result<O>>
    : never;
};

function isToWorker(message: unknown): message is ToWorker {
  return typeof message === 'object' && message !== null && typeof (message as { seq?: unknown }).seq === 'number';
}

/** Answers requests until the process ends. Every request gets exactly one result, a cancelled or broken one included. */
export function serve<M>(port: WorkerPort, work: Work<M>): void {
  const running = new Map<number, AbortController>();
  const run = async (seq: number, request: string, input: unknown): Promise<void> => {
    if (!Object.hasOwn(work, request)) {
      port.post({ seq, result: failed(badRequest(`unknown work ${request}`)) });
      return;
    }
    const abort = new AbortController();
    running.set(seq, abort);
    try {
      const handler = work[request as keyof M] as unknown as (
        input: unknown,
        options: { signal: AbortSignal; emit: (event: unknown) => void },
      ) => Promise<Result<unknown>>;
      const result = await handler(input, { signal: abort.signal, emit: (event) => port.post({ seq, event }) });
      port.post({ seq, result });
    } catch (error) {
      port.post({ seq, result: failed(internal(error)) });
    } finally {
      running.delete(seq);
    }
  };
  port.onMessage((message) => {
    if (!isToWorker(message)) return;
    if ('cancel' in message) running.get(message.seq)?.abort();
    else void run(message.seq, message.request, message.input);
  });
  port.post({ ready: true });
}
