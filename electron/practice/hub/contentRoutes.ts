import { isPublicFile, judgeContent, sentences, unknownRepository } from './access.ts';
import {
  type Answer,
  contentAnswer,
  jsonAnswer,
  redirectAnswer,
  type Refusal,
  refusalAnswer,
  textAnswer,
} from './answer.ts';
import { lfsPointer } from './gitHashes.ts';
import type { Repository, StoredCommit, StoredFile } from './repositories.ts';
import { type Ask, findRepository, parseRepositoryPath, questionOf, type World } from './world.ts';

const actions = ['resolve', 'raw', 'blob'];
const cachePrefix = '/api/resolve-cache/models/';

/** File contents: /resolve/, /raw/, /blob/ and the inner address of small public files; undefined = none of these. */
export async function contentRoute(ask: Ask, world: World): Promise<Answer | undefined> {
  if (ask.method !== 'GET' && ask.method !== 'HEAD') return undefined;
  if (ask.url.pathname.startsWith(cachePrefix)) return resolveCache(ask, world);
  const parsed = parseRepositoryPath(ask.url.pathname.slice(1), actions);
  if (!parsed || parsed.action === '' || parsed.rest.length < 2) return undefined;
  const [revision = '', ...pieces] = parsed.rest;
  const path = pieces.join('/');

  const found = findRepository(world, parsed.id);
  if (found.kind === 'unknown') return refuse(unknownRepository(ask.caller));
  if (found.kind === 'moved') return redirectAnswer(307, `/${found.to}${parsed.tail}${ask.url.search}`);
  const { repository } = found;
  const publicFile = parsed.action === 'resolve' && isPublicFile(path);
  const refusal = judgeContent(repository, questionOf(ask, world), { publicFile });
  if (refusal) return refuse(refusal);
  const commit = await repository.at(revision);
  if (!commit) return refuse({ status: 404, code: 'RevisionNotFound', sentence: sentences.revisionNotFound });
  const file = commit.files.get(path);
  if (!file) return entryNotFound(commit);
  return parsed.action === 'resolve' ? resolve(ask, world, { repository, commit, file }) : raw(commit, file);
}

interface Target {
  readonly repository: Repository;
  readonly commit: StoredCommit;
  readonly file: StoredFile;
}

function refuse(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Answer {
  return refusalAnswer(refusal, { api: false, headers });
}

function entryNotFound(commit: StoredCommit): Answer {
  return refuse(
    { status: 404, code: 'EntryNotFound', sentence: sentences.entryNotFound },
    { 'x-repo-commit': commit.id },
  );
}

function resolve(ask: Ask, world: World, target: Target): Answer {
  const { repository, commit, file } = target;
  const { lfs } = file;
  if (lfs) return resolveLarge(ask, world, { ...target, file: { ...file, lfs } });
  // Files of gated repositories come at once; those of open ones sit in a cache behind a redirect (Hub facts 1.6).
  if (repository.spec.gated) return smallFile(commit, file);
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const query = `${encodeURIComponent(ask.url.pathname)}=&etag=${encodeURIComponent(`"${file.oid}"`)}`;
  const location = `${cachePrefix}${repository.spec.id}/${commit.id}/${path}?${query}`;
  return redirectAnswer(307, location, { 'x-repo-commit': commit.id });
}

function resolveLarge(
  ask: Ask,
  world: World,
  { repository, commit, file }: Target & { file: StoredFile & { lfs: NonNullable<StoredFile['lfs']> } },
): Answer {
  const { lfs, size, toldSize } = file;
  const refreshUrl = `${world.endpoint}/api/models/${repository.spec.id}/xet-read-token/${commit.id}`;
  const reconstructionUrl = `${world.cdnEndpoint}/cas/v1/reconstructions/${lfs.xetHash}`;
  const etag = `"${lfs.sha256}"`;
  const headers = {
    ...(toldSize !== null && { 'x-linked-size': String(toldSize) }),
    'x-linked-etag': etag,
    'x-repo-commit': commit.id,
    'x-xet-hash': lfs.xetHash,
    link: `<${refreshUrl}>; rel="xet-auth", <${reconstructionUrl}>; rel="xet-reconstruction-info"`,
    vary: 'Accept',
  };
  const wantsXet = ask.method === 'GET' && ask.headers['accept']?.includes('application/vnd.xet-fileinfo+json');
  if (wantsXet) return jsonAnswer({ hash: lfs.xetHash, refreshUrl, reconstructionUrl, etag, size }, { headers });
  return redirectAnswer(302, world.links.sign(repository, { file, commit }), headers);
}

/** The second half of the 307 for small files of open repositories; it knows no gate, so it serves no gated file. */
async function resolveCache(ask: Ask, world: World): Promise<Answer> {
  const parsed = cachePath(ask.url.pathname);
  const found = parsed && findRepository(world, parsed.id);
  if (found?.kind !== 'here') return refuse(unknownRepository(ask.caller));
  const refusal = judgeContent(found.repository, questionOf(ask, world));
  if (refusal) return refuse(refusal);
  const [revision = '', ...pieces] = parsed?.rest ?? [];
  const commit = await found.repository.at(revision);
  const file = commit?.files.get(pieces.join('/'));
  if (!commit) return refuse({ status: 404, code: 'RevisionNotFound', sentence: sentences.revisionNotFound });
  return file && !file.lfs ? smallFile(commit, file) : entryNotFound(commit);
}

/** "owner/name/<40 hex>/path": here the commit follows the id without a word between. */
function cachePath(pathname: string): { id: string; rest: readonly string[] } | undefined {
  const match = /^(.+?)\/([0-9a-f]{40})\/(.+)$/.exec(pathname.slice(cachePrefix.length));
  if (!match) return undefined;
  const [, id = '', commit = '', path = ''] = match;
  try {
    return { id: decodeURIComponent(id), rest: [commit, ...path.split('/').map(decodeURIComponent)] };
  } catch {
    return undefined;
  }
}

function smallFile(commit: StoredCommit, file: StoredFile): Answer {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  return contentAnswer(file.content, {
    'content-type': 'text/plain; charset=utf-8',
    etag: `"${file.oid}"`,
    'x-repo-commit': commit.id,
    'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${name}";`,
  });
}

/** What git itself holds: for LFS files the pointer. */
function raw(commit: StoredCommit, file: StoredFile): Answer {
  const headers = { 'x-repo-commit': commit.id, etag: `"${file.oid}"` };
  if (file.lfs) return textAnswer(lfsPointer(file.lfs.sha256, file.size), { headers });
  return contentAnswer(file.content, { 'content-type': 'text/plain; charset=utf-8', ...headers });
}
