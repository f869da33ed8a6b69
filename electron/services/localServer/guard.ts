/**
 * The local server lends the model to other programs of this computer, in the words of the OpenAI API. This file decides
 * who may pass, from the head of a request alone. Web pages never may: they send Origin or Sec-Fetch-Site, and no answer
 * ever carries a CORS header. A wrong Host is a page that pointed its own name at this computer (DNS rebinding).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { carriesSecret } from '../bearer.ts';

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Names of headers that came more than once, in lower case. */
  readonly twice: ReadonlySet<string>;
}

export type Passage =
  | { readonly kind: 'models' }
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'chat' }
  | { readonly kind: 'completion' }
  /** The key was right, the rest was not: these may be told why. */
  | { readonly kind: 'unknown-path' }
  | { readonly kind: 'wrong-method'; readonly allow: 'GET' | 'POST' }
  | { readonly kind: 'not-json' }
  /** Hears nothing but the number. */
  | { readonly kind: 'refused'; readonly status: 400 | 401 | 403 };

/** Headers on which a decision rests: sent twice, nobody can say which one counts. */
const decisive = ['host', 'origin', 'authorization', 'content-type', 'sec-fetch-site'];

function routeOf(path: string): Passage {
  if (path === '/v1/models') return { kind: 'models' };
  if (path === '/v1/chat/completions') return { kind: 'chat' };
  if (path === '/v1/completions') return { kind: 'completion' };
  const name = /^\/v1\/models\/(.+)$/.exec(path)?.[1];
  try {
    return name === undefined ? { kind: 'unknown-path' } : { kind: 'model', name: decodeURIComponent(name) };
  } catch {
    return { kind: 'unknown-path' };
  }
}

/** Who may pass where; `port` is the one the server listens on. */
export function decide(
  { method, target, headers, twice }: Asked,
  { port, key }: { readonly port: number; readonly key: string },
): Passage {
  if (decisive.some((name) => twice.has(name))) return { kind: 'refused', status: 400 };
  const { host } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return { kind: 'refused', status: 403 };
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return { kind: 'refused', status: 403 };
  if (!carriesSecret(headers.authorization, key)) return { kind: 'refused', status: 401 };
  const route = routeOf(target.split('?', 1)[0] ?? '');
  if (route.kind === 'unknown-path') return route;
  const allow = route.kind === 'chat' || route.kind === 'completion' ? 'POST' : 'GET';
  if (method !== allow) return { kind: 'wrong-method', allow };
  if (allow === 'POST' && !/^application\/json(?:; ?charset=utf-8)?$/i.test(headers['content-type'] ?? '')) {
    return { kind: 'not-json' };
  }
  return route;
}
