/** One request for a range of one file: every header and every length is checked before a byte is believed. */
import { afterSilence } from '../afterSilence.ts';
import type { HttpAnswer, HttpPort } from '../ports.ts';
import type { Tuning } from './tuning.ts';
import { askedWait } from './waits.ts';

/** Where the bytes are now. `pin` is the strong ETag the server of this link gave first. */
export interface Link {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  pin?: string;
}

/** Why a range did not arrive completely. Bytes handed out before are good. */
export type Miss =
  | { readonly kind: 'network'; readonly cause: string }
  | { readonly kind: 'stalled' }
  | { readonly kind: 'cut' } // ended early
  | { readonly kind: 'refused'; readonly status: number } // the link is not good any more
  | { readonly kind: 'changed' } // other bytes under the same link
  | { readonly kind: 'slow-down'; readonly status: number; readonly waitMs: number | undefined }
  | { readonly kind: 'server'; readonly status: number }
  | { readonly kind: 'no-range' } // answers with the whole file
  | { readonly kind: 'page' } // a web page instead of the file
  | { readonly kind: 'nonsense'; readonly cause: string };

export interface RangeRequest {
  readonly http: HttpPort;
  readonly link: Link;
  /** First byte, and the byte after the last. */
  readonly from: number;
  readonly to: number;
  /** Size of the whole file. */
  readonly total: number;
  /** Ask without a Range header: for servers that know none. Then `from` is 0 and `to` is `total`. */
  readonly whole: boolean;
  readonly page: boolean; // the file itself is a web page
  /** Must be done with the chunk when it resolves: its memory goes. */
  readonly take: (chunk: Uint8Array) => Promise<void>;
  readonly tuning: Tuning;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const strongTag = /^"[^"]*"$/;

/** Parses "bytes 0-9/100"; total is undefined for "*". */
export function parseContentRange(
  value: string | undefined,
): { readonly first: number; readonly last: number; readonly total: number | undefined } | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(value?.trim() ?? '');
  if (!match) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return last < first || (total !== undefined && last >= total) ? undefined : { first, last, total };
}

function lengthIn(headers: HttpAnswer['headers']): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** What is wrong with an answer's head, or how many body bytes it promises from `from` on. */
export function checkHead(
  answer: Pick<HttpAnswer, 'status' | 'headers'>,
  asked: Pick<RangeRequest, 'from' | 'to' | 'total' | 'whole' | 'page'> & { readonly pin?: string | undefined },
  now: number,
): Miss | { readonly kind: 'body'; readonly bytes: number } {
  const { status, headers } = answer;
  const nonsense = (cause: string): Miss => ({ kind: 'nonsense', cause });
  if (status === 429) return { kind: 'slow-down', status, waitMs: askedWait(headers, now) };
  if (status === 503 && headers['retry-after'] !== undefined) {
    return { kind: 'slow-down', status, waitMs: askedWait(headers, now) };
  }
  if (status === 408 || status >= 500) return { kind: 'server', status };
  if (status !== 200 && status !== 206) return { kind: 'refused', status };
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') return nonsense(`content-encoding ${coding}`);
  const length = lengthIn(headers);
  if (status === 200) {
    if (headers['content-type']?.startsWith('text/html') && !asked.page && length !== asked.total)
      return { kind: 'page' };
    if (asked.pin !== undefined && headers['etag'] !== undefined && headers['etag'] !== asked.pin)
      return { kind: 'changed' };
    if (length !== undefined && length !== asked.total) return nonsense(`length ${String(length)} for the whole file`);
    return asked.from === 0 ? { kind: 'body', bytes: asked.to } : { kind: 'no-range' };
  }
  if (asked.whole) return nonsense('206 without a range asked for');
  if (asked.pin !== undefined && headers['etag'] !== undefined && headers['etag'] !== asked.pin)
    return { kind: 'changed' };
  const range = parseContentRange(headers['content-range']);
  if (!range) return nonsense(`content-range ${headers['content-range'] ?? 'missing'}`);
  if (range.total !== undefined && range.total !== asked.total) return nonsense(`total ${String(range.total)}`);
  if (range.first !== asked.from || range.last >= asked.to) return nonsense(`range ${headers['content-range'] ?? ''}`);
  const bytes = range.last - range.first + 1;
  return length !== undefined && length !== bytes
    ? nonsense(`length ${String(length)} for the range`)
    : { kind: 'body', bytes };
}

const stalled = Symbol('stalled');

interface Patience {
  /** The promise's outcome, or `stalled`, or a rejection at once when the wait is aborted. */
  outlast<T>(promise: Promise<T>): Promise<T | typeof stalled>;
  got(bytes: number): void;
  end(): void;
}

/**
 * Waits for the network with a floor of bytes per window; only time spent waiting counts, never our own disk. One
 * listener serves all waits: racing against a long-lived promise would keep every chunk until the end.
 */
function startPatience(tuning: Tuning, signal: AbortSignal): Patience {
  let waited = 0;
  let bytes = 0;
  let giveUp: (() => void) | undefined;
  const onAbort = () => giveUp?.();
  signal.addEventListener('abort', onAbort);

  return {
    outlast: (promise) =>
      new Promise((resolve, reject) => {
        let started = performance.now();
        let stopWatching: () => void = () => undefined;
        const close = (): void => {
          stopWatching();
          giveUp = undefined;
          waited += performance.now() - started;
        };
        const watch = (): void => {
          stopWatching = afterSilence(Math.max(0, tuning.stallMs - waited), () => {
            if (bytes < tuning.stallBytes) {
              close();
              resolve(stalled);
              return;
            }
            started = performance.now(); // the window was good: the next one begins
            waited = bytes = 0;
            watch();
          });
        };
        giveUp = () => {
          close();
          reject(new DOMException('Stopped', 'AbortError'));
        };
        if (signal.aborted) giveUp();
        else watch();
        promise.then(
          (value) => {
            close();
            resolve(value);
          },
          (error: unknown) => {
            close();
            reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      }),
    got(count) {
      bytes += count;
      if (waited < tuning.stallMs || bytes < tuning.stallBytes) return;
      waited = bytes = 0;
    },
    end: () => signal.removeEventListener('abort', onAbort),
  };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `${code}: ${error.message}`.slice(0, 300);
}

// Memory of many small arrays is counted late and collected at great cost; written bytes can go at once.
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function requestHeaders({ link, from, to, whole }: RangeRequest): Record<string, string> {
  return {
    ...link.headers,
    'accept-encoding': 'identity',
    ...(whole ? {} : { range: `bytes=${String(from)}-${String(to - 1)}` }),
    ...(whole || link.pin === undefined ? {} : { 'if-range': link.pin }),
  };
}

/**
 * Fetches bytes [from, to) and hands them out in order; undefined when all came. Rejects only with what `take` threw or
 * when `signal` aborts. Never hands out a byte beyond `to`.
 */
export async function fetchRange(request: RangeRequest): Promise<Miss | undefined> {
  const { http, link, from, to, tuning, signal } = request;
  const attempt = new AbortController();
  const either = AbortSignal.any([signal, attempt.signal]);
  const patience = startPatience(tuning, either);
  let answer: HttpAnswer | undefined;
  let reusable = false;

  try {
    signal.throwIfAborted();
    const asked = http({ method: 'GET', url: link.url, headers: requestHeaders(request) }, { signal: either });
    // Should the answer come after we gave up, its connection is closed all the same.
    asked.then(
      (late) => either.aborted && late.close(),
      () => undefined,
    );
    let first;
    try {
      first = await patience.outlast(asked);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'network', cause: causeOf(error) };
    }
    if (first === stalled) return { kind: 'stalled' };
    answer = first;

    const head = checkHead(answer, { ...request, pin: link.pin }, request.now());
    if (head.kind !== 'body') return head;
    const tag = answer.headers['etag'];
    if (link.pin === undefined && tag !== undefined && strongTag.test(tag)) link.pin = tag;

    const end = from + head.bytes;
    const body = answer.body[Symbol.asyncIterator]();
    for (let position = from; position < end;) {
      let step;
      try {
        step = await patience.outlast(body.next());
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'network', cause: causeOf(error) };
      }
      if (step === stalled) return { kind: 'stalled' };
      if (step.done) return { kind: 'cut' };
      const chunk = step.value.subarray(0, end - position);
      const { length } = chunk;
      patience.got(length);
      await request.take(chunk);
      signal.throwIfAborted();
      position += length;
      giveBack(step.value);
    }
    // Reading the end of the body lets the connection serve the next range.
    if (answer.status === 206) {
      const last = await patience.outlast(body.next()).catch(() => undefined);
      reusable = last !== undefined && last !== stalled && last.done === true;
    }
    return end < to ? { kind: 'cut' } : undefined;
  } finally {
    patience.end();
    if (!reusable) {
      attempt.abort();
      answer?.close();
    }
  }
}
