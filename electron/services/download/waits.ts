/** How long to wait: what a server asked for, how a failure backs off, and a pace for a chosen speed limit. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `ms`; rejects with AbortError at once when aborted. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal });
}

/** The promise's outcome, or AbortError at once when aborted; what the promise does later is nobody's concern then. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new DOMException('Stopped', 'AbortError'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Exponential with full jitter in its upper half; `failures` counts from 1. */
export function backoff(failures: number, firstMs: number, maxMs: number, random = Math.random()): number {
  const top = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return top / 2 + (top / 2) * random;
}

/**
 * The wait in ms that a 429 or 503 asks for: Retry-After (seconds or a date), else RateLimit `r=0;t=<s>`; undefined when
 * it says nothing usable. `now` in ms since epoch.
 */
export function askedWait(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const after = headers['retry-after']?.trim();
  if (after !== undefined && /^\d{1,9}(\.\d+)?$/.test(after)) return Number(after) * 1000;
  if (after !== undefined && /[a-z]/i.test(after)) {
    const date = Date.parse(after);
    if (Number.isFinite(date)) return Math.max(0, date - now);
  }
  const limit = headers['ratelimit'];
  if (limit !== undefined && /;\s*r=0\b/.test(limit)) {
    const seconds = /;\s*t=(\d{1,9})\b/.exec(limit)?.[1];
    if (seconds !== undefined) return (Number(seconds) + 1) * 1000; // one more: t is rounded down
  }
  return undefined;
}

/** Holds callers back so that together they take at most `bytesPerSecond`; undefined = no limit. */
export function startPace(bytesPerSecond: number | undefined): (bytes: number, signal: AbortSignal) => Promise<void> {
  if (bytesPerSecond === undefined) return async () => undefined;
  let free = performance.now();
  return async (bytes, signal) => {
    const now = performance.now();
    free = Math.max(free, now - 100) + (bytes / bytesPerSecond) * 1000;
    await wait(free - now, signal);
  };
}

export interface OneAtATime {
  /** Starts the work, or joins the run that is going on. */
  (): Promise<void>;
  /** As a call, but joins no run that began before. */
  afresh(): Promise<void>;
  /** Resolves when nothing runs. */
  settled(): Promise<void>;
}

/** Work of which at most one run goes on at any time. */
export function oneAtATime(work: () => Promise<void>): OneAtATime {
  let running: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
  return Object.assign(start, {
    async afresh() {
      await running?.catch(() => undefined);
      await start();
    },
    settled: async () => running?.catch(() => undefined),
  });
}
