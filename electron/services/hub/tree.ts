import type { Commit, ModelFile, RepoId } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { askedFor, checkedRepo, encodedPath, member, misshapen, succeeded, words } from './ask.ts';
import { explain } from './explain.ts';
import type { HubClient, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';

const maxPages = 100;

/**
 * Every file of one commit with its size and, where the caller has access, its hash. Masked hashes (64 asterisks) are
 * left out: they say "no access", not what the file holds. Paths are the Hub's word, unchecked: they are hostile input.
 */
export async function listFiles(
  hub: HubClient,
  { repo, commit, token }: { readonly repo: RepoId; readonly commit: Commit; readonly token?: AccessToken | undefined },
  options?: SendOptions,
): Promise<Result<readonly ModelFile[]>> {
  const refused = checkedRepo(repo);
  if (refused) return refused;
  const asked = askedFor(hub, repo, token);
  const files: ModelFile[] = [];
  let path: string | undefined = `/api/models/${repo}/tree/${encodedPath(commit)}?recursive=true&expand=false`;
  for (let page = 0; path !== undefined && page < maxPages; page++) {
    const answer = await hub.send({ method: 'GET', path, token }, options);
    if (!succeeded(answer)) return failed(explain(answer, asked));
    const found = readTree(answer.json());
    if (!found) return misshapen(answer, asked);
    files.push(...found);
    path = nextPage(answer.headers['link'], answer.url);
    if (path !== undefined && page === maxPages - 1) return misshapen(answer, asked);
  }
  return ok(files);
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
