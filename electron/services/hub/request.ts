/**
 * The one way to talk to the Hub in small requests: JSON, a licence text, the address of a file. Knows where an access
 * token may go, when to ask again and what to keep as evidence; knows nothing about the meaning of an answer.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Evidence } from '../../contract/problem.ts';
import type { HttpPort, LogEntry } from '../ports.ts';
import { type Attempt, attempt } from './attempt.ts';
import { evidenceOf, failureEvidence, parseJson, retryAt } from './evidence.ts';
import type { TokenConsent } from './mirror.ts';
import { redact, type AccessToken } from './secret.ts';

export interface HubRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** A path on the Hub, "/api/...", or the absolute address of a download server. */
  readonly path: string;
  /** Sent to the Hub's own origin and nowhere else. */
  readonly token?: AccessToken | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** 'read' hands the first redirect to another origin back instead of following it. */
  readonly redirects?: 'follow' | 'read';
  /** Bytes of body at most, 10 MB by default. */
  readonly maxBytes?: number;
  /** What a longer body means: 'refuse' (usual) is a failure, 'cut' keeps its beginning. */
  readonly tooLong?: 'refuse' | 'cut';
}

/** Counts exchanges on the wire, repeats and redirects included; at 0 nothing more is sent. */
export interface Budget {
  left: number;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  readonly budget?: Budget;
}

/** An answer that arrived, whatever its status. */
export interface HubResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Where it came from after redirects. */
  readonly url: string;
  /** Headers of the redirects on the way, first one first. */
  readonly hops: readonly Readonly<Record<string, string>>[];
  /** The body as JSON; undefined when it is none. */
  json(): unknown;
  readonly evidence: Evidence;
}

/** Why there is no answer. */
export type FailureReason =
  | 'cancelled'
  | 'switched-off' // the person's own offline switch
  | 'network'
  | 'stalled'
  | 'too-large'
  | 'redirect-loop'
  | 'foreign-redirect' // an API call sent elsewhere, or https sent to http
  | 'insecure-endpoint' // a token would travel unencrypted
  | 'token-unasked' // a mirror would get the token, and nobody was asked
  | 'token-withheld' // the person does not want a mirror to have it
  | 'budget';

export interface HubFailure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** The system's code for it, such as ENOTFOUND. */
  readonly code?: string;
  /** Who signed a certificate that was refused. */
  readonly issuer?: string;
  readonly evidence: Evidence;
}

export type HubAnswer = HubResponse | HubFailure;

export interface HubClient {
  /** Scheme and host, perhaps a path, without a trailing slash. */
  readonly endpoint: string;
  now(): number;
  /** Never rejects for anything the network, the Hub or the person did. */
  send(request: HubRequest, options?: SendOptions): Promise<HubAnswer>;
}

export interface HubClientOptions {
  readonly endpoint: string;
  readonly http: HttpPort;
  readonly version: string;
  readonly now: () => number;
  readonly isOffline: () => boolean;
  /** Whether this Hub may have a token; asked before each request that carries one. */
  readonly tokenConsent: () => TokenConsent;
  readonly log: (entry: LogEntry) => void;
  /** Without one byte for so long a request is given up. */
  readonly stallMs?: number;
  /** First wait before a repeat; doubles each time. */
  readonly retryMs?: number;
}

/** The official client repeats these too (Hub facts 1.8). */
const passing: readonly number[] = [408, 500, 502, 503, 504];
const passingCodes: readonly string[] = ['ECONNRESET', 'EPIPE', 'EAI_AGAIN'];
const repeats = 2;
/** A rate limit is waited out only when the person would hardly notice. */
const shortWaitMs = 3000;

/** Makes the client for one Hub. Throws on an endpoint that is no http(s) address. */
export function createHubClient(options: HubClientOptions): HubClient {
  const { log, now, isOffline, tokenConsent, retryMs = 400 } = options;
  const base = new URL(options.endpoint);
  const endpoint = options.endpoint.replace(/\/+$/, '');
  const wire = {
    base,
    http: options.http,
    isOffline,
    tokenConsent,
    now,
    stallMs: options.stallMs ?? 30_000,
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': `latchkey/${options.version}` },
  };

  async function send(request: HubRequest, { signal, budget = { left: 20 } }: SendOptions = {}): Promise<HubAnswer> {
    const url = request.path.startsWith('/') ? endpoint + request.path : request.path;
    const trace = { 'x-amzn-trace-id': randomUUID() };
    for (let repeat = 0; ; repeat++) {
      const startedAt = now();
      const seen = { request: `${request.method} ${withoutQuery(request.path)}`, url, at: startedAt };
      const outcome = await attempt(
        { ...request, headers: { ...trace, ...request.headers } },
        { ...wire, url, signal, budget },
      );
      const answer = toAnswer(outcome, seen);
      note(seen.request, answer, now() - startedAt);
      const wait =
        request.method === 'POST' || repeat >= repeats || budget.left < 1 ? undefined : waitBefore(answer, repeat);
      if (wait === undefined) return answer;
      try {
        await delay(wait, undefined, signal ? { signal } : {});
      } catch {
        return { kind: 'failure', reason: 'cancelled', evidence: failureEvidence(seen, 'AbortError') };
      }
    }
  }

  /** Milliseconds until the same request is worth repeating; undefined when it is not. */
  function waitBefore(answer: HubAnswer, repeat: number): number | undefined {
    const backOff = retryMs * 2 ** repeat;
    if (answer.kind === 'failure') {
      return answer.reason === 'network' && passingCodes.includes(answer.code ?? '') ? backOff : undefined;
    }
    const at = retryAt(answer.headers, answer.status, now());
    if (at !== undefined) return at - now() <= shortWaitMs ? at - now() : undefined;
    return passing.includes(answer.status) ? backOff : undefined;
  }

  function note(request: string, answer: HubAnswer, ms: number): void {
    const outcome = answer.kind === 'failure' ? (answer.code ?? answer.reason) : answer.status;
    const warning = answer.kind === 'response' ? answer.headers['x-hf-warning'] : undefined;
    const warned = warning === undefined ? {} : { warning: redact(warning.slice(0, 300)) };
    log({ area: 'hub', event: 'request', request: redact(request), outcome, ms, ...warned });
  }

  return { endpoint, now, send };
}

function toAnswer(outcome: Attempt, seen: { request: string; url: string; at: number }): HubAnswer {
  if (outcome.kind === 'failure') {
    const { reason, code, issuer, url, cause } = outcome;
    return {
      kind: 'failure',
      reason,
      ...(code === undefined ? {} : { code }),
      ...(issuer === undefined ? {} : { issuer }),
      evidence: failureEvidence({ ...seen, url }, cause),
    };
  }
  const { status, headers, text, url, hops } = outcome;
  const evidence = evidenceOf({ ...seen, url }, { status, headers, text });
  return { kind: 'response', status, headers, text, url, hops, json: () => parseJson(text), evidence };
}

/** Signed addresses carry their permission in the query: it belongs into no log and no report. */
function withoutQuery(path: string): string {
  return path.replace(/[?#].*$/s, '');
}
