import { carriesSecret } from '../../services/bearer.ts';

/** What the guard looks at; header names in lower case, `twice` names headers that came more than once. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly twice: ReadonlySet<string>;
}

export type Passage =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'request'; readonly name: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 403 | 404 | 405 | 415 };

const refused = (status: 400 | 401 | 403 | 404 | 405 | 415): Passage => ({ kind: 'refused', status });
/** Headers on which a decision rests: sent twice, nobody can say which one counts. */
const decisive = ['host', 'origin', 'authorization', 'content-type', 'sec-fetch-site'];

/** The page and its files: public code without data, but only for our own page or for a person's own navigation. */
function fileOrRefusal({ method, target, headers }: Asked, origin: string): Passage {
  if (method !== 'GET') return refused(405);
  if (headers['origin'] !== undefined && headers['origin'] !== origin) return refused(403);
  const site = headers['sec-fetch-site'];
  const navigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigation) return refused(403);
  return { kind: 'file', path: target };
}

/** Data: our own page at our own origin with the secret, JSON only. */
function callOrRefusal(asked: Asked, passage: Passage, origin: string, secret: string): Passage {
  const { method, headers } = asked;
  const call = passage.kind === 'request';
  if (method !== (call ? 'POST' : 'GET')) return refused(405);
  const from = headers['origin'];
  // Browsers send Origin with every POST, and leave it out of a same-origin GET.
  if (from !== origin && (call || from !== undefined)) return refused(403);
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return refused(403);
  const authorization = headers['authorization'];
  if (!carriesSecret(typeof authorization === 'string' ? authorization : undefined, secret)) return refused(401);
  if (call && !/^application\/json(?:; ?charset=utf-8)?$/i.test(String(headers['content-type']))) return refused(415);
  return passage;
}

/**
 * Who may pass, decided from the head of a request alone, before any byte of a body is read. A wrong Host is a page that
 * pointed its own name at this computer (DNS rebinding), and hears nothing, not even whether a path exists.
 */
export function decide(
  asked: Asked,
  { origin, secret }: { readonly origin: string; readonly secret: string },
): Passage {
  if (decisive.some((name) => asked.twice.has(name))) return refused(400);
  if (`http://${String(asked.headers['host'])}` !== origin) return refused(403);
  const { target } = asked;
  if (!target.startsWith('/') || target.startsWith('//')) return refused(400);
  if (target.startsWith('/request/')) {
    return callOrRefusal(asked, { kind: 'request', name: target.slice('/request/'.length) }, origin, secret);
  }
  if (target === '/events') return callOrRefusal(asked, { kind: 'events' }, origin, secret);
  return fileOrRefusal(asked, origin);
}
