import type { Commit, ModelFile, RepoId } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { askedFor, checkedRepo, encodedPath, member, misshapen, succeeded, words } from './ask.ts';
import { explain } from './explain.ts';
import type { HubClient, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';

const maxPages = 100;

interface TreeRequest {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly token?: AccessToken | undefined;
}

/**
 * Every file of one commit with its size and, where the caller has access, its hash. Masked hashes (64 asterisks) are
 * left out: they say "no access", not what the file holds. Paths are the Hub's word, unchecked: they are hostile input.
 */
export function listFiles(
  hub: HubClient,
  request: TreeRequest,
  options?: SendOptions,
): Promise<Result<readonly ModelFile[]>> {
  return readPages(hub, request, readTree, options);
}

/** One file as the Hub's list has it, masked hashes included: for whoever keeps the list as it is. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** Git's own id: of the pointer for LFS files. */
  readonly gitSha1: string;
  readonly sha256?: string;
  readonly xetHash?: string;
}

/** The whole list of one commit, for keeping. As hostile as listFiles. */
export function listTree(
  hub: HubClient,
  request: TreeRequest,
  options?: SendOptions,
): Promise<Result<readonly ListedFile[]>> {
  return readPages(hub, request, readListed, options);
}

async function readPages<T>(
  hub: HubClient,
  { repo, commit, token }: TreeRequest,
  read: (json: unknown) => readonly T[] | undefined,
  options?: SendOptions,
): Promise<Result<readonly T[]>> {
  const refused = checkedRepo(repo);
  if (refused) return refused;
  const asked = askedFor(hub, repo, token);
  const files: T[] = [];
  let path: string | undefined = `/api/models/${repo}/tree/${encodedPath(commit)}?recursive=true&expand=false`;
  for (let page = 0; path !== undefined && page < maxPages; page++) {
    const answer = await hub.send({ method: 'GET', path, token }, options);
    if (!succeeded(answer)) return failed(explain(answer, asked));
    const found = read(answer.json());
    if (!found) return misshapen(answer, asked);
    files.push(...found);
    path = nextPage(answer.headers['link'], answer.url);
    if (path !== undefined && page === maxPages - 1) return misshapen(answer, asked);
  }
  return ok(files);
}

/** PURE: one page of a tree as listTree keeps it. */
export function readListed(json: unknown): readonly ListedFile[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const files: ListedFile[] = [];
  for (const entry of json as readonly unknown[]) {
    if (member(entry, 'type') !== 'file') continue;
    const path = words(entry, 'path');
    const gitSha1 = words(entry, 'oid');
    const lfs = member(entry, 'lfs');
    const bytes = member(lfs, 'size') ?? member(entry, 'size');
    if (path === undefined || gitSha1 === undefined || typeof bytes !== 'number') return undefined;
    if (!Number.isSafeInteger(bytes) || bytes < 0) return undefined;
    const sha256 = words(lfs, 'oid')?.replace(/^sha256:/, '');
    const xetHash = words(entry, 'xetHash');
    files.push({
      path,
      bytes,
      gitSha1,
      ...(sha256 !== undefined && { sha256 }),
      ...(xetHash !== undefined && { xetHash }),
    });
  }
  return files;
}

/** PURE: the files of one page of a tree; undefined when it is no list or a file has no usable size. */
export function readTree(json: unknown): readonly ModelFile[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const files: ModelFile[] = [];
  for (const entry of json as readonly unknown[]) {
    if (member(entry, 'type') !== 'file') continue;
    const path = words(entry, 'path');
    const lfs = member(entry, 'lfs');
    const bytes = member(lfs, 'size') ?? member(entry, 'size');
    if (path === undefined || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return undefined;
    files.push({ path, bytes, ...hashOf(entry, lfs) });
  }
  return files;
}

/** The git hash of an LFS or Xet file is the hash of its pointer, useless for checking the content. */
function hashOf(entry: unknown, lfs: unknown): Pick<ModelFile, 'sha256' | 'gitSha1'> {
  const sha256 = words(lfs, 'oid')?.replace(/^sha256:/, '');
  if (sha256 !== undefined) return /^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {};
  if (lfs !== undefined && lfs !== null) return {};
  if (words(entry, 'xetHash') !== undefined) return {};
  const gitSha1 = words(entry, 'oid');
  return gitSha1 !== undefined && /^[0-9a-f]{40}$/.test(gitSha1) ? { gitSha1 } : {};
}

/** The address of `Link: <...>; rel="next"`, when it stays on the Hub that sent it. */
function nextPage(link: string | undefined, from: string): string | undefined {
  const target = /<([^>]*)>\s*;[^<]*\brel="?next"?/i.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, from)) return undefined;
  const next = new URL(target, from);
  return next.origin === new URL(from).origin ? next.href : undefined;
}
