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

/** Resolves when these bytes may be taken; rejects with AbortError. */
export type Pace = (bytes: number, signal: AbortSignal) => Promise<void>;

/** What may be taken at once after a silence, ms of the limit. */
const burstMs = 100;
/** So soon a limit that was changed holds for those who wait already. */
const napMs = 200;

/**
 * Holds callers back so that together they take at most `limit()` bytes per second; undefined = no limit. The limit is
 * asked again all the time: a change holds at once, also for who is waiting.
 */
export function startPace(limit: () => number | undefined): Pace {
  let asked = 0; // bytes, since the start
  let granted = 0;
  let at = performance.now();

  function advance(): number | undefined {
    const now = performance.now();
    const bytesPerSecond = limit();
    const perMs = (bytesPerSecond ?? 0) / 1000;
    granted = bytesPerSecond === undefined ? asked : Math.min(granted + (now - at) * perMs, asked + burstMs * perMs);
    at = now;
    return bytesPerSecond;
  }

  return async (bytes, signal) => {
    advance();
    asked += bytes;
    const mine = asked;
    for (let rate = advance(); rate !== undefined && granted < mine; rate = advance()) {
      await wait(Math.min(napMs, ((mine - granted) / rate) * 1000), signal);
    }
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
