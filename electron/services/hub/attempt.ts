import { afterSilence } from '../afterSilence.ts';
import type { HttpAnswer, HttpPort } from '../ports.ts';
import { isLoopback } from './loopback.ts';
import type { TokenConsent } from './mirror.ts';
import type { Budget, FailureReason, HubRequest } from './request.ts';

interface Wire {
  readonly base: URL;
  readonly url: string;
  readonly http: HttpPort;
  readonly headers: Readonly<Record<string, string>>;
  readonly isOffline: () => boolean;
  readonly tokenConsent: () => TokenConsent;
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
  readonly budget: Budget;
}

type Headers = Readonly<Record<string, string>>;
type Response = {
  kind: 'response';
  status: number;
  headers: Headers;
  text: string;
  url: string;
  hops: readonly Headers[];
};
type Failure = { kind: 'failure'; reason: FailureReason; url: string; cause: string; code?: string; issuer?: string };
export type Attempt = Response | Failure;

const redirects: readonly number[] = [301, 302, 303, 307, 308];
const maxRedirects = 5;

/**
 * One request with its redirects, followed by hand: the token goes only to the origin of the Hub, an API call never
 * leaves that origin, and https never becomes http.
 */
export async function attempt(request: HubRequest, wire: Wire): Promise<Attempt> {
  const hops: Headers[] = [];
  let url = new URL(wire.url);
  for (;;) {
    const here = url.href;
    const fail = (reason: FailureReason, cause: string): Failure => ({ kind: 'failure', reason, url: here, cause });
    if (wire.signal?.aborted) return fail('cancelled', 'AbortError');
    if (wire.isOffline()) return fail('switched-off', 'offline switch');
    if (wire.budget.left < 1) return fail('budget', 'no request left');
    if (request.token && url.origin === wire.base.origin) {
      if (!isPrivateWay(url)) return fail('insecure-endpoint', url.origin);
      const consent = wire.tokenConsent();
      if (consent !== 'yes') return fail(consent === 'no' ? 'token-withheld' : 'token-unasked', url.origin);
    }
    wire.budget.left -= 1;
    const answer = await exchange(request, url, wire);
    if (answer.kind === 'failure') return answer;
    const location =
      request.method !== 'POST' && redirects.includes(answer.status) ? answer.headers['location'] : undefined;
    if (location === undefined) return { ...answer, hops };
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (!next || !/^https?:$/.test(next.protocol) || next.username !== '')
      return fail('foreign-redirect', 'unreadable');
    if (next.protocol === 'http:' && !(url.protocol === 'http:' && isLoopback(next.hostname)))
      return fail('foreign-redirect', next.origin);
    if (next.origin !== url.origin) {
      if (url.pathname.startsWith(apiPrefix(wire.base))) return fail('foreign-redirect', next.origin);
      if (request.redirects === 'read') return { ...answer, hops };
    }
    if (hops.length >= maxRedirects) return fail('redirect-loop', next.origin);
    hops.push(answer.headers);
    url = next;
  }
}

function apiPrefix(base: URL): string {
  return `${base.pathname.replace(/\/+$/, '')}/api/`;
}

/** Encrypted, or never leaving this computer. */
function isPrivateWay(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname);
}

async function exchange(request: HubRequest, url: URL, wire: Wire): Promise<Attempt> {
  const stall = new AbortController();
  const signal = wire.signal ? AbortSignal.any([wire.signal, stall.signal]) : stall.signal;
  let stopWatching: () => void = () => undefined;
  // Progress, not total time: a slow line that still moves is left alone.
  const moving = (): void => {
    stopWatching();
    stopWatching = afterSilence(wire.stallMs, () => stall.abort());
  };
  moving();
  try {
    const trusted = request.token && url.origin === wire.base.origin;
    const headers = {
      ...wire.headers,
      ...request.headers,
      ...(trusted ? { authorization: `Bearer ${request.token.reveal()}` } : {}),
    };
    const { method, body } = request;
    const answer = await wire.http(
      { method, url: url.href, headers, ...(body === undefined ? {} : { body }) },
      { signal },
    );
    moving();
    const { text, whole } = await readText(answer, request.maxBytes ?? 10_000_000, moving);
    // A refusal counts by its status and its first words, however long the page around them.
    if (!whole && request.tooLong !== 'cut' && answer.status < 300)
      return { kind: 'failure', reason: 'too-large', url: url.href, cause: 'body too large' };
    return { kind: 'response', status: answer.status, headers: answer.headers, text, url: url.href, hops: [] };
  } catch (error) {
    const reason = wire.signal?.aborted ? 'cancelled' : stall.signal.aborted ? 'stalled' : 'network';
    return { kind: 'failure', reason, url: url.href, ...described(error) };
  } finally {
    stopWatching();
  }
}

/** The body as text; not whole when it grows past `maxBytes`, and then the rest is not read. */
async function readText(
  answer: HttpAnswer,
  maxBytes: number,
  moving: () => void,
): Promise<{ text: string; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer.body) {
      moving();
      chunks.push(bytes + chunk.byteLength > maxBytes ? chunk.subarray(0, maxBytes - bytes) : chunk);
      bytes += chunk.byteLength;
      if (bytes > maxBytes) break;
    }
  } finally {
    answer.close();
  }
  return { text: Buffer.concat(chunks).toString('utf8'), whole: bytes <= maxBytes };
}

function described(error: unknown): { cause: string; code?: string; issuer?: string } {
  if (!(error instanceof Error)) return { cause: String(error) };
  // Node's fetch, should a host lend that, hides the system's error one level down.
  const inner: unknown = 'code' in error ? error : (error.cause ?? error);
  const { code, issuer, message } = inner as { code?: unknown; issuer?: unknown; message?: unknown };
  return {
    cause: [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ') || error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof issuer === 'string' ? { issuer } : {}),
  };
}
