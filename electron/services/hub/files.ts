import type { Commit, RepoId } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { badRequest } from '../explain.ts';
import { askedFor, checkedRepo, encodedPath, fromHub, misshapen, succeeded } from './ask.ts';
import { looksLikePage } from './evidence.ts';
import { explain } from './explain.ts';
import type { HubClient, HubResponse, SendOptions } from './request.ts';
import { redact, type AccessToken } from './secret.ts';
import { describe, type HubProblemCode } from './words.ts';

/** One file of one commit. */
export interface FileRequest {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly path: string;
}

/** Where the bytes of a file are right now. */
export interface FilePlace {
  /** Short-lived when it is signed: never stored, asked for again after a 403. */
  readonly url: string;
  /** True: on a download server, where the access token must not be sent. */
  readonly crossOrigin: boolean;
  readonly bytes: number;
  /** 64 hex digits = SHA-256 of the content, 40 = git blob SHA-1. */
  readonly etag: string;
  readonly commit: Commit;
}

/** README and licence texts, which the Hub gives to anybody even in gated repositories; sent for without a token. */
export function readPublicFile(
  hub: HubClient,
  request: FileRequest & { readonly maxBytes: number },
  options?: SendOptions,
): Promise<Result<string>> {
  return readRepoFile(hub, request, options);
}

/** The text of one small file, such as config.json. Larger than `maxBytes` counts as not understood, never as cut off. */
export async function readRepoFile(
  hub: HubClient,
  request: FileRequest & { readonly maxBytes: number; readonly token?: AccessToken | undefined },
  options?: SendOptions,
): Promise<Result<string>> {
  const refused = checkedFile(request);
  if (refused) return refused;
  const { token, maxBytes } = request;
  const answer = await hub.send({ method: 'GET', path: resolvePath(request), token, maxBytes }, options);
  if (answer.kind === 'failure' && answer.reason === 'too-large') {
    return failed(badRequest(`${request.path} is larger than ${String(maxBytes)} bytes`));
  }
  const asked = askedFor(hub, request.repo, token);
  if (!succeeded(answer)) return failed(explain(answer, asked));
  // A network's sign-in page is also a 200 with text.
  return fromHub(answer) ? ok(answer.text) : misshapen(answer, asked);
}

/**
 * Finds where a file's bytes are, with their size and hash, without fetching them. The first redirect to another
 * origin is read, not followed; the caller fetches that address without the token.
 */
export async function resolveFile(
  hub: HubClient,
  request: FileRequest & { readonly token?: AccessToken | undefined },
  options?: SendOptions,
): Promise<Result<FilePlace>> {
  const refused = checkedFile(request);
  if (refused) return refused;
  const { token } = request;
  const answer = await hub.send({ method: 'HEAD', path: resolvePath(request), token, redirects: 'read' }, options);
  const asked = askedFor(hub, request.repo, token);
  if (answer.kind === 'failure') return failed(explain(answer, asked));
  const place = readPlace(answer, request.commit);
  if (place) return ok(place);
  return succeeded(answer) || answer.headers['location'] !== undefined
    ? misshapen(answer, asked)
    : failed(explain(answer, asked));
}

/** PURE: reads the answer to HEAD on a file (Hub facts 1.6); undefined when size, hash or commit are missing. */
export function readPlace(answer: HubResponse, asked: Commit): FilePlace | undefined {
  const { status, url } = answer;
  const location = status >= 300 && status < 400 ? answer.headers['location'] : undefined;
  if (location === undefined ? status !== 200 : !URL.canParse(location, url)) return undefined;
  const seen = [...answer.hops, answer.headers];
  const first = (name: string): string | undefined => seen.find((headers) => headers[name] !== undefined)?.[name];
  const linked = first('x-linked-etag');
  // Content-Length of a redirect is the length of its own short body, not of the file.
  const length = first('x-linked-size') ?? (location === undefined ? answer.headers['content-length'] : undefined);
  const etag = (linked ?? (location === undefined ? answer.headers['etag'] : undefined))?.replace(/^W\/|"/g, '');
  const commit = first('x-repo-commit');
  if (length === undefined || !/^\d{1,15}$/.test(length) || etag === undefined || commit === undefined)
    return undefined;
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag) || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
  // A commit is asked for by its hash; another one in the answer would be another file.
  if (/^[0-9a-f]{40}$/.test(asked) && commit !== asked) return undefined;
  const target = location === undefined ? url : new URL(location, url).href;
  return {
    url: target,
    crossOrigin: new URL(target).origin !== new URL(url).origin,
    bytes: Number(length),
    etag,
    commit,
  };
}

/**
 * Proves that one real file can be fetched: its address from the Hub, then its first byte from the download server
 * (without the token there). Catches regions, missing files and firewalls that let only the Hub through.
 */
export async function probeFile(
  hub: HubClient,
  request: FileRequest & { readonly token?: AccessToken | undefined },
  options?: SendOptions,
): Promise<Result<FilePlace>> {
  const place = await resolveFile(hub, request, options);
  if (!place.ok || place.value.bytes === 0) return place;
  const { url, crossOrigin } = place.value;
  const token = crossOrigin ? undefined : request.token;
  // A server that ignores the range sends everything: its beginning is seen, the rest is not read.
  const oneByte = { headers: { range: 'bytes=0-0' }, maxBytes: 1000, tooLong: 'cut' } as const;
  const answer = await hub.send({ method: 'GET', path: url, token, ...oneByte }, options);
  const seen =
    answer.kind === 'response' &&
    (answer.status === 206 || answer.status === 200) &&
    !looksLikePage(answer.headers, answer.text);
  return seen ? place : failed(explain(answer, askedFor(hub, request.repo, token)));
}

const accessCodes: readonly string[] = [
  'no-token',
  'token-not-accepted',
  'token-lacks-gated',
  'organisation-policy',
  'repo-not-found',
  'repo-unknown-without-token',
  'access-never-asked',
  'access-pending',
  'access-rejected',
  'access-reset',
  'access-unknown',
] satisfies readonly HubProblemCode[];

/** A refusal in the middle of a download: access was there before, so the news is that it changed. */
export function explainLost(problem: Problem, repo: RepoId): Problem {
  if (!accessCodes.includes(problem.code)) return problem;
  const said = problem.evidence[0]?.errorMessage;
  return describe('access-lost', { repo, said }, problem.evidence);
}

/** A download server's refusal right after its address was made is the network's doing, not the Hub's. */
export function explainDownloadServer(host: string, repo: RepoId, cause: string, at: number): Problem {
  return describe('cdn-blocked', { host, repo }, [{ host, cause: redact(cause), at }]);
}

function resolvePath({ repo, commit, path }: FileRequest): string {
  return `/${repo}/resolve/${encodeURIComponent(commit)}/${encodedPath(path)}`;
}

/** "." and ".." would be taken out of the address and lead to another file or another route. */
function checkedFile({ repo, path, commit }: FileRequest): Result<never> | undefined {
  const bad = [...path.split('/'), commit].some((part) => part === '' || part === '.' || part === '..');
  return bad ? failed(badRequest('not a file of a repository')) : checkedRepo(repo);
}
