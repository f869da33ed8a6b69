import type { Content } from './content.ts';

/** What a route wants to say; send.ts turns it into bytes on the wire. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

export interface AnswerBody {
  readonly content: Content;
  /** Bytes `start` up to `end` of the content are sent. */
  readonly start: number;
  readonly end: number;
}

/** A refusal in the Hub's words: class in the code, meaning in the sentence. */
export interface Refusal {
  readonly status: number;
  readonly code?: 'GatedRepo' | 'RepoNotFound' | 'RevisionNotFound' | 'EntryNotFound' | 'RepoNotGated';
  readonly sentence: string;
}

const utf8 = (text: string): AnswerBody => bytesBody(Buffer.from(text));

function bytesBody(bytes: Buffer): AnswerBody {
  const content: Content = {
    size: bytes.byteLength,
    async *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
  return { content, start: 0, end: bytes.byteLength };
}

/** Plain text, 200 unless told otherwise. */
export function textAnswer(
  text: string,
  { status = 200, headers = {} }: Partial<Pick<Answer, 'status' | 'headers'>> = {},
): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: utf8(text) };
}

/** JSON, 200 unless told otherwise. */
export function jsonAnswer(
  value: unknown,
  { status = 200, headers = {} }: Partial<Pick<Answer, 'status' | 'headers'>> = {},
): Answer {
  const body = utf8(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body };
}

/** A redirect with the short text that Node web frameworks put into its body. */
export function redirectAnswer(
  status: 302 | 303 | 307,
  location: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const word = { 302: 'Found', 303: 'See Other', 307: 'Temporary Redirect' }[status];
  return textAnswer(`${word}. Redirecting to ${location}`, { status, headers: { location, ...headers } });
}

/** A refusal as this route carries it: JSON below /api/, plain text elsewhere; the facts are in the headers (1.2). */
export function refusalAnswer(
  refusal: Refusal,
  { api, headers = {} }: { api: boolean; headers?: Readonly<Record<string, string>> },
): Answer {
  const { status, code, sentence } = refusal;
  const all = {
    ...(code !== undefined && { 'x-error-code': code }),
    'x-error-message': sentence,
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="Authentication required", charset="UTF-8"' }),
    ...headers,
  };
  return api
    ? jsonAnswer({ error: sentence }, { status, headers: all })
    : textAnswer(sentence, { status, headers: all });
}

/** The whole of a content. */
export function contentAnswer(content: Content, headers: Readonly<Record<string, string>>): Answer {
  return { status: 200, headers, body: { content, start: 0, end: content.size } };
}
