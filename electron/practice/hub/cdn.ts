import { createHash } from 'node:crypto';
import { type Answer, jsonAnswer, textAnswer } from './answer.ts';
import type { RandomBytes } from './random.ts';
import type { SignedLinks } from './links.ts';

export interface CdnAsk {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers as the content network does: signed links only, ranges, XML when it refuses. It knows no accounts. */
export function cdnRoute(ask: CdnAsk, { links, random }: { links: SignedLinks; random: RandomBytes }): Answer {
  const trace = {
    'x-amz-cf-id': random(24).toString('base64url'),
    via: '1.1 practice.cloudfront.invalid (CloudFront)',
  };
  if (ask.path.startsWith('/cas/')) return jsonAnswer({ error: 'Not implemented' }, { status: 501, headers: trace });
  if (ask.method !== 'GET' && ask.method !== 'HEAD') return denied('This method is not allowed', trace);
  if (ask.headers['authorization'] !== undefined) {
    // A signed link plus a token of another kind: the storage refuses two ways of signing in at once.
    return cdnError(400, 'InvalidArgument', 'Only one auth mechanism allowed', trace);
  }
  const opened = links.open(ask.path);
  if (opened.kind !== 'open') return denied(opened.kind === 'expired' ? 'Request has expired' : 'Access denied', trace);

  const { file, commit } = opened.shelved;
  const { size } = file;
  // Not the hash that the Hub announces: If-Range works only with what this server itself said.
  const etag = `"${createHash('md5').update(file.lfs.sha256).digest('hex')}-1"`;
  const lastModified = new Date(commit.date).toUTCString();
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag,
    'last-modified': lastModified,
    'content-disposition':
      new URL(ask.path, 'http://cdn.invalid').searchParams.get('response-content-disposition') ?? 'inline',
    'x-cache': 'Hit from cloudfront',
    ...trace,
  };
  const whole: Answer = { status: 200, headers, body: { content: file.content, start: 0, end: size } };
  const condition = ask.headers['if-range'];
  if (condition !== undefined && condition !== etag && condition !== lastModified) return whole;
  const range = parseRange(ask.headers['range'], size);
  if (range === 'none') return whole;
  if (range === 'outside') {
    const unsatisfiable = { ...trace, 'content-range': `bytes */${size}` };
    return cdnError(416, 'InvalidRange', 'The requested range is not satisfiable', unsatisfiable);
  }
  const partial = { ...headers, 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` };
  return { status: 206, headers: partial, body: { content: file.content, ...range } };
}

/** One `bytes=` range (RFC 9110, 14.1.2); several ranges or nonsense count as none, as the RFC allows. */
export function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'none' | 'outside' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.replaceAll(' ', '') ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return 'none';
  if (first === '') {
    const count = Math.min(Number(last), size);
    return count === 0 ? 'outside' : { start: size - count, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'none';
  if (start >= size) return 'outside';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

type Headers = Readonly<Record<string, string>>;

function denied(message: string, headers: Headers): Answer {
  return cdnError(403, 'AccessDenied', message, headers);
}

/** An error in the XML of the storage behind the CDN. */
export function cdnError(status: number, code: string, message: string, headers: Headers): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const all = {
    'content-type': 'application/xml',
    'x-cache': 'Error from cloudfront',
    server: 'CloudFront',
    ...headers,
  };
  return textAnswer(text, { status, headers: all });
}
