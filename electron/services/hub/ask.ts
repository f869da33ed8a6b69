import { repoPattern } from '../../contract/ipc.ts';
import type { RepoId } from '../../contract/model.ts';
import { failed, type Result } from '../../contract/result.ts';
import { badRequest } from '../explain.ts';
import { type Asked, explain, verdict } from './explain.ts';
import type { HubAnswer, HubClient, HubResponse } from './request.ts';
import type { AccessToken } from './secret.ts';

type Success = HubResponse & { readonly status: 200 | 201 | 202 | 203 | 204 | 205 | 206 };

/** True for an answer that carries what was asked for. */
export function succeeded(answer: HubAnswer): answer is Success {
  return answer.kind === 'response' && answer.status >= 200 && answer.status < 300;
}

/** What `explain` needs to know about a request whose token nobody asked whoami about. */
export function askedFor(hub: HubClient, repo: RepoId | undefined, token: AccessToken | undefined): Asked {
  return { endpoint: hub.endpoint, repo, token: token ? 'unchecked' : 'none' };
}

/** The answer arrived but has not the Hub's shape: a page in between, or another kind of server. */
export function misshapen(answer: HubResponse, asked: Asked): Result<never> {
  const problem = explain(answer, asked);
  if (problem.code === 'proxy-or-portal') return failed(problem);
  return failed(verdict({ code: 'not-the-hub' }, answer.evidence, asked));
}

/** The official client's own test for a file: a Hub names the commit it serves, on the answer or on a redirect to it. */
export function fromHub(answer: HubResponse): boolean {
  return [answer.headers, ...answer.hops].some((headers) => headers['x-repo-commit'] !== undefined);
}

/** Refuses an id that could form another address than a repository's. */
export function checkedRepo(repo: string): Result<never> | undefined {
  return repoPattern.test(repo) ? undefined : failed(badRequest('not a repository id'));
}

/** Each part of a path or revision encoded, slashes kept: names may hold "#", "?" and "%". */
export function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** A JSON object's own member, or undefined for anything that is no object. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/** A member that is a string and not empty. */
export function words(value: unknown, key: string): string | undefined {
  const found = member(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
