import type { Backend, BackendEvent, InputOf, OutputOf, RequestName } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import { failed, type Result } from '../../electron/contract/result.ts';
import { t } from '../text/en.ts';
import { readEvents } from './eventStream.ts';

/** First and longest pause between two attempts to reach the host again, in milliseconds. */
const pauses = { first: 400, longest: 8000 };

export interface WebOptions {
  readonly secret: string;
  readonly fetch: typeof fetch;
  /** Waits; replaced in tests. */
  readonly pause?: (milliseconds: number, options: { readonly signal: AbortSignal }) => Promise<void>;
}

function wait(milliseconds: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function silent(cause: unknown): Problem {
  return {
    code: 'internal',
    ...t.app.silent,
    actions: [],
    evidence: [{ cause: cause instanceof Error ? cause.message : String(cause), at: Date.now() }],
  };
}

function isResult(value: unknown): value is Result<unknown> {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return false;
  return value.ok === true || (value.ok === false && 'problem' in value);
}

/**
 * Speaks to the web host: requests as POST with the launch secret as bearer, events as a stream read with fetch
 * (EventSource cannot send headers). A broken stream is opened again; as events may be lost in between, listeners then
 * get `app.restarted` and ask for everything again.
 */
export function webBackend({ secret, fetch, pause = wait }: WebOptions): Backend {
  const listeners = new Set<(event: BackendEvent) => void>();
  const headers = { Authorization: `Bearer ${secret}` };
  let open: AbortController | undefined;
  let listening: Promise<void> | undefined;

  const tell = (event: BackendEvent) => {
    for (const listener of listeners) listener(event);
  };

  async function listen(signal: AbortSignal, first: () => void): Promise<void> {
    let delay = pauses.first;
    let before = false;
    while (!signal.aborted) {
      try {
        const answer = await fetch('/events', { headers, signal, cache: 'no-store' });
        if (answer.ok && answer.body) {
          if (before) tell({ type: 'app.restarted' });
          before = true;
          first();
          delay = pauses.first;
          for await (const event of readEvents(answer.body)) tell(event);
        }
      } catch {
        first();
        before = true; // events may have been lost, also when the very first attempt failed
      }
      first();
      await pause(delay, { signal });
      delay = Math.min(delay * 2, pauses.longest);
    }
  }

  return {
    async request<N extends RequestName>(name: N, input: InputOf<N>): Promise<Result<OutputOf<N>>> {
      try {
        await listening;
        const answer = await fetch(`/request/${name}`, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json' },
          body: JSON.stringify(input ?? null),
          cache: 'no-store',
        });
        const body: unknown = await answer.json();
        if (isResult(body)) return body as Result<OutputOf<N>>; // shape checked; the value is the host's word
        return failed(silent(`HTTP ${answer.status}`));
      } catch (error) {
        return failed(silent(error));
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      if (!open) {
        open = new AbortController();
        // Questions wait until the first attempt to listen is over: no event may fall in between.
        const { promise, resolve } = Promise.withResolvers<void>();
        listening = promise;
        void listen(open.signal, resolve);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        open?.abort();
        open = undefined;
        listening = undefined;
      };
    },
  };
}
