import type { Evidence } from '../../contract/problem.ts';
import { redact } from './secret.ts';

/** Hub sentences are one line; a proxy's page is not worth more. */
const longest = 500;

export interface Seen {
  readonly request: string; // "GET /api/models/x/auth-check"
  readonly url: string;
  readonly at: number;
}

/** Keeps what an answer says about itself: status, the Hub's code and sentence, request id, host. Never a token. */
export function evidenceOf(
  seen: Seen,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string },
): Evidence {
  const { headers } = answer;
  const errorCode = headers['x-error-code'];
  const errorMessage =
    headers['x-error-message'] ?? (answer.status >= 400 ? ownSentence(headers, answer.text) : undefined);
  // Same order as the official client: the Hub's own id first, then the load balancer's, then the CDN's.
  const requestId = headers['x-request-id'] ?? headers['x-amzn-trace-id'] ?? headers['x-amz-cf-id'];
  const wait = retryAt(headers, answer.status, seen.at);
  return {
    request: clip(seen.request),
    status: answer.status,
    ...(errorCode === undefined ? {} : { errorCode: clip(errorCode) }),
    ...(errorMessage === undefined ? {} : { errorMessage: clip(errorMessage) }),
    ...(requestId === undefined ? {} : { requestId: clip(requestId) }),
    host: hostOf(seen.url),
    at: seen.at,
    ...(wait === undefined ? {} : { retryAt: wait }),
  };
}

/** Keeps what a request without an answer left behind. */
export function failureEvidence(seen: Seen, cause: string): Evidence {
  return { request: clip(seen.request), host: hostOf(seen.url), cause: clip(cause), at: seen.at };
}

/** The body's own words: JSON `error`, `errors[].message` or `error_description`, else plain text. Pages are dropped. */
function ownSentence(headers: Readonly<Record<string, string>>, text: string): string | undefined {
  if (looksLikePage(headers, text) || text.trim() === '') return undefined;
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null) return text.trim();
  const { error, errors, error_description: description, message } = body as Record<string, unknown>;
  const list = Array.isArray(errors) ? errors.map((one: unknown) => messageOf(one)) : [];
  const words = [error, description, message, ...list].filter((word) => typeof word === 'string' && word !== '');
  return words.length > 0 ? words.join(' ') : undefined;
}

function messageOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['message'] : value;
}

/** True for HTML, by its label or by its first character. */
export function looksLikePage(headers: Readonly<Record<string, string>>, text: string): boolean {
  return /\bhtml\b/i.test(headers['content-type'] ?? '') || /^\s*<(?:!doctype|html|head|body)/i.test(text);
}

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * When the Hub will listen again, ms since epoch: `RateLimit: "api";r=0;t=12` (only when r is 0: the header comes on
 * every answer), else Retry-After in seconds or as a date. Nonsense counts as nothing, a wait as 15 minutes at most.
 */
export function retryAt(headers: Readonly<Record<string, string>>, status: number, now: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const limit = /;\s*r=0\b.*?;\s*t=(\d{1,6})\b/.exec(headers['ratelimit'] ?? '');
  const after = headers['retry-after']?.trim() ?? '';
  const asked = limit?.[1] ?? (/^\d{1,6}$/.test(after) ? after : undefined);
  if (asked !== undefined) return now + Math.min(Number(asked) + 1, 900) * 1000;
  const date = /[a-z]/i.test(after) ? Date.parse(after) : Number.NaN;
  return date > now ? Math.min(date, now + 900_000) : undefined;
}

function clip(text: string): string {
  // Control and direction characters could dress a sentence up as something else on screen.
  const plain = redact(text)
    .replace(/\p{Cf}+/gu, '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return plain.length > longest ? `${plain.slice(0, longest)} ...` : plain;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
