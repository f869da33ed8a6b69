import { createHash } from 'node:crypto';
import { gateRefusal, sentences } from './access.ts';
import { type Answer, redirectAnswer, type Refusal, refusalAnswer, textAnswer } from './answer.ts';
import { cdnError } from './cdn.ts';
import type { Fault } from './faults.ts';

export interface FaultPlace {
  readonly port: 'hub' | 'cdn';
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly endpoint: string;
}

/** An answer that replaces the true one; undefined when the verb works on the true answer instead. */
export function replacement(fault: Fault, place: FaultPlace): Answer | undefined {
  const { status, code } = fault;
  const other = { ...(status !== undefined && { status }), ...(code !== undefined && { code }) };
  const refuse = (refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Answer =>
    refusalAt({ ...refusal, ...other }, place, headers);
  const id = repositoryOf(place.path);
  switch (fault.do) {
    case '401':
      return refuse({ status: 401, sentence: fault.sentence ?? sentences.badCredentials });
    case '403-gated': {
      const refusal = gateRefusal('none', { id, endpoint: place.endpoint });
      return refuse({ ...refusal, sentence: fault.sentence ?? refusal.sentence });
    }
    case '403-terms': {
      const refusal = gateRefusal('reset', { id, endpoint: place.endpoint });
      return refuse({ ...refusal, sentence: fault.sentence ?? refusal.sentence });
    }
    case '404':
      return refuse({ status: 404, code: 'EntryNotFound', sentence: fault.sentence ?? sentences.entryNotFound });
    case '416':
      return refuse({ status: 416, sentence: 'Range not satisfiable' }, { 'content-range': 'bytes */0' });
    case '429':
      return tooMany(fault, place);
    case '5xx':
      return trouble(fault.status ?? 503, place);
    case 'html-portal':
      return textAnswer(portal, { headers: { 'content-type': 'text/html; charset=utf-8' } });
    case 'redirect-loop':
      return redirectAnswer(307, place.path);
    case 'redirect-foreign':
      return redirectAnswer(302, fault.url ?? `https://elsewhere.invalid${place.path}`);
    case 'redirect-http':
      return redirectAnswer(302, fault.url ?? `http://insecure.invalid${place.path}`);
    default:
      return undefined;
  }
}

function refusalAt(refusal: Refusal, place: FaultPlace, headers: Readonly<Record<string, string>>): Answer {
  if (place.port === 'cdn') return cdnError(refusal.status, 'AccessDenied', refusal.sentence, headers);
  return refusalAnswer(refusal, { api: place.path.startsWith('/api/'), headers });
}

function tooMany({ seconds = 5, announce = 'both' }: Fault, place: FaultPlace): Answer {
  const headers = {
    ...((announce === 'both' || announce === 'retry-after') && { 'retry-after': String(seconds) }),
    // "left 1" when the header shall not be the one that tells.
    ratelimit: `"api";r=${announce === 'both' || announce === 'rate-limit' ? 0 : 1};t=${seconds}`,
  };
  return refusalAt({ status: 429, sentence: 'We had to rate limit your IP (127.0.0.1).' }, place, headers);
}

function trouble(status: number, place: FaultPlace): Answer {
  if (place.port === 'cdn') return cdnError(status, 'InternalError', 'Try again', {});
  // A failing Hub answers with a page even below /api/, and without its usual headers.
  return textAnswer(`<!doctype html><title>${status}</title><h1>${status}</h1>`, {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}

const portal =
  '<!doctype html><html lang="en"><title>Guest network</title><h1>Welcome to the guest network</h1>' +
  '<form method="post" action="/login"><button>Accept and connect</button></form></html>';

/** The repository a path speaks of, well enough for a sentence. */
function repositoryOf(path: string): string {
  const [first = 'practice-labs', second = 'model'] =
    path
      .replace(/^\/api\/models/, '')
      .split('?')[0]
      ?.split('/')
      .filter(Boolean) ?? [];
  return `${first}/${second}`;
}

/** The true answer, changed in its own words: headers or range, not the way it travels. */
export function edited(fault: Fault, answer: Answer): Answer {
  const { headers, body, status } = answer;
  const size = body.content.size;
  switch (fault.do) {
    case '200-for-range': {
      const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-range'));
      return status === 206 ? { status: 200, headers: rest, body: { ...body, start: 0, end: size } } : answer;
    }
    case '206-wrong-total': {
      const range = `bytes ${body.start}-${body.end - 1}/${size + (fault.by ?? 1)}`;
      return status === 206 ? { ...answer, headers: { ...headers, 'content-range': range } } : answer;
    }
    case 'wrong-range':
      return status === 206 ? shifted(answer, fault.by ?? 1) : answer;
    case 'gzip-lie':
      return { ...answer, headers: { ...headers, 'content-encoding': 'gzip' } };
    case 'new-etag':
      return {
        ...answer,
        headers: { ...headers, ...otherHash(headers, 'etag'), ...otherHash(headers, 'x-linked-etag') },
      };
    case 'truncate': {
      const length = body.end - body.start;
      const kept = Math.min(length, fault.atByte ?? Math.floor(length / 2));
      return { ...answer, body: { ...body, end: body.start + kept } };
    }
    default:
      return answer;
  }
}

/** Honest headers for another range than the one asked for; backwards where forwards leaves the file. */
function shifted(answer: Answer, by: number): Answer {
  const { content, start, end } = answer.body;
  const moved = end + by <= content.size && start + by >= 0 ? by : start > 0 ? -1 : 0;
  const body = { content, start: start + moved, end: end + moved };
  const range = `bytes ${body.start}-${body.end - 1}/${content.size}`;
  return { ...answer, headers: { ...answer.headers, 'content-range': range }, body };
}

function otherHash(headers: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> {
  const value = headers[name];
  if (value === undefined) return {};
  const length = value.replace(/[^0-9a-f]/g, '').length;
  return { [name]: `"${createHash('sha256').update(`other ${value}`).digest('hex').slice(0, length)}"` };
}
