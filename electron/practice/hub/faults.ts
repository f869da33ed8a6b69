import type { Refusal } from './answer.ts';

/** Every way in which an answer can go wrong on request of a test. */
export const faultVerbs = [
  'reset', 'fin', 'stall', 'drip', 'truncate', 'flip', 'wrong-length', 'wrong-range', '200-for-range', '206-wrong-total',
  'gzip-lie', 'new-etag', 'new-commit', 'expire-url', '401', '403-gated', '403-terms', '404', '416', '429', '5xx',
  'html-portal', 'redirect-loop', 'redirect-foreign', 'redirect-http', 'header-bomb', 'slow-headers', 'no-length',
  'huge-length',
] as const; // prettier-ignore

export type FaultVerb = (typeof faultVerbs)[number];

export interface Fault {
  /** Tested against "METHOD /path?query": a text must occur in it, an expression must match. */
  readonly match: string | RegExp;
  /** Only requests to this port; default both. */
  readonly port?: 'hub' | 'cdn';
  /** The first matching request that suffers, counted from 1. */
  readonly nth?: number;
  /** How many suffer from there on. Default: one when `nth` is given, else all. */
  readonly times?: number;
  readonly do: FaultVerb;
  /**
   * Position in the body of this answer (not in the file): where reset, fin, stall, drip and truncate begin, which byte
   * flip turns. Default: reset and fin before any header; stall and drip at 0; truncate and flip in the middle.
   */
  readonly atByte?: number;
  /** stall: how long (default until the client leaves). slow-headers: for all headers (default 30). 429: Retry-After (default 5). */
  readonly seconds?: number;
  /** drip: default 10. */
  readonly bytesPerSecond?: number;
  /** 5xx: which, default 503. 401, 403 and 404 verbs: the same refusal with another status, such as 451. */
  readonly status?: number;
  /** 401, 403 and 404 verbs: another X-Error-Code. */
  readonly code?: NonNullable<Refusal['code']>;
  /** The sentence of 401, 403 and 404 verbs instead of the usual one. */
  readonly sentence?: string;
  /** redirect-foreign and redirect-http: where to. */
  readonly url?: string;
  /** wrong-length: added to the true length (default 1); 206-wrong-total: added to the total (default 1); wrong-range: shift (default 1). */
  readonly by?: number;
  /** 429: which headers tell how long to wait. Default both. */
  readonly announce?: 'both' | 'rate-limit' | 'retry-after' | 'none';
}

export interface FaultScript {
  add(faults: readonly Fault[]): () => void;
  clear(): void;
  /** The fault for this request, if any. Counts the request for every fault that it matches. */
  next(request: { readonly port: 'hub' | 'cdn'; readonly method: string; readonly path: string }): Fault | undefined;
}

/** Keeps the faults of a test in order; the first that matches and is due is used. */
export function createFaultScript(): FaultScript {
  let entries: { readonly fault: Fault; seen: number }[] = [];
  return {
    add(faults) {
      const added = faults.map((fault) => ({ fault, seen: 0 }));
      entries = [...entries, ...added];
      return () => {
        entries = entries.filter((entry) => !added.includes(entry));
      };
    },
    clear() {
      entries = [];
    },
    next({ port, method, path }) {
      const line = `${method} ${path}`;
      let due: Fault | undefined;
      for (const entry of entries) {
        const { fault } = entry;
        if (fault.port !== undefined && fault.port !== port) continue;
        if (typeof fault.match === 'string' ? !line.includes(fault.match) : line.search(fault.match) < 0) continue;
        entry.seen += 1;
        const first = fault.nth ?? 1;
        const times = fault.times ?? (fault.nth === undefined ? Infinity : 1);
        if (entry.seen >= first && entry.seen < first + times) due ??= fault;
      }
      return due;
    },
  };
}
