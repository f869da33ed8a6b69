import { judgeContent, judgeMetadata, judgeWrite, sentences, unknownRepository } from './access.ts';
import { type Answer, jsonAnswer, redirectAnswer, type Refusal, refusalAnswer, textAnswer } from './answer.ts';
import { cutPage, listFiles, pathsInfo } from './fileList.ts';
import { listRow, modelInfo, unknownField } from './modelInfo.ts';
import { randomText } from './random.ts';
import type { Repository, StoredCommit } from './repositories.ts';
import { whoami } from './whoami.ts';
import { type Ask, findRepository, parseRepositoryPath, questionOf, type World } from './world.ts';

const actions = ['revision', 'tree', 'paths-info', 'auth-check', 'xet-read-token', 'refs'];
const refuse = (refusal: Refusal): Answer => refusalAnswer(refusal, { api: true });
const noSuchRoute = (): Answer =>
  refuse({ status: 404, sentence: "Sorry, we can't find the page you are looking for." });

/** Everything below /api/ except /api/resolve-cache. */
export async function apiRoute(ask: Ask, world: World): Promise<Answer> {
  const path = ask.url.pathname;
  const reading = ask.method === 'GET' || ask.method === 'HEAD';
  if (path === '/api/whoami-v2' && reading) return whoami(ask.caller, world.endpoint);
  if (path === '/api/models' && reading) return searchModels(ask, world);
  if (path === '/api/credentials/revoke' && ask.method === 'POST') return revokeCredentials(ask, world);
  const parsed = path.startsWith('/api/models/')
    ? parseRepositoryPath(path.slice('/api/models/'.length), actions)
    : undefined;
  if (!parsed || reading === (parsed.action === 'paths-info')) return noSuchRoute();

  const found = findRepository(world, parsed.id);
  if (found.kind === 'unknown') return refuse(unknownRepository(ask.caller));
  if (found.kind === 'moved') return redirectAnswer(307, `/api/models/${found.to}${parsed.tail}${ask.url.search}`);
  const { repository } = found;
  const question = questionOf(ask, world);

  if (parsed.action === 'auth-check') {
    const write = parsed.rest[0] === 'write';
    const refusal = judgeContent(repository, question) ?? (write ? judgeWrite(repository, question) : undefined);
    return refusal ? refuse(refusal) : textAnswer('OK');
  }
  const content = judgeContent(repository, question);
  const refusal = parsed.action === 'xet-read-token' ? content : judgeMetadata(repository, question);
  if (refusal) return refuse(refusal);
  const commit = await repository.at(parsed.rest[0] ?? 'main');
  if (!commit) return refuse({ status: 404, code: 'RevisionNotFound', sentence: sentences.revisionNotFound });
  const masked = repository.spec.gated !== undefined && repository.spec.gated !== false && content !== undefined;
  const target = { repository, commit, masked };
  switch (parsed.action) {
    case '':
    case 'revision':
      return giveInfo(ask, target);
    case 'tree':
      return giveTree(ask, world, { ...target, folder: parsed.rest.slice(1).join('/') });
    case 'paths-info':
      return givePaths(ask, target);
    case 'xet-read-token':
      return giveXetToken(world);
    default:
      return jsonAnswer({
        branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: commit.id }],
        converts: [],
        tags: [],
      });
  }
}

interface Target {
  readonly repository: Repository;
  readonly commit: StoredCommit;
  readonly masked: boolean;
}

async function giveInfo(ask: Ask, { repository, commit, masked }: Target): Promise<Answer> {
  const query = ask.url.searchParams;
  const expand = [...query.getAll('expand[]'), ...query.getAll('expand')];
  const unknown = unknownField(expand);
  if (unknown !== undefined) return refuse({ status: 400, sentence: `Invalid field to expand: ${unknown}` });
  return jsonAnswer(await modelInfo(repository, commit, { expand, blobs: query.get('blobs') === 'true', masked }));
}

function giveTree(ask: Ask, world: World, { commit, masked, folder }: Target & { folder: string }): Answer {
  const query = ask.url.searchParams;
  const isTrue = (name: string): boolean => ['true', '1', 'True'].includes(query.get(name) ?? '');
  const expand = isTrue('expand');
  const rows = listFiles(commit, { folder, recursive: isTrue('recursive'), expand, masked });
  if (!rows) return refuse({ status: 404, code: 'EntryNotFound', sentence: sentences.entryNotFound });
  const asked = Number(query.get('limit') ?? world.pageSize);
  // Rows with commits are dear: the real Hub gives fewer of them at a time.
  const most = expand ? 100 : 1000;
  const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, most) : world.pageSize;
  const page = cutPage(rows, { limit, cursor: query.get('cursor') });
  if (page.next === undefined) return jsonAnswer(page.rows);
  const next = new URL(ask.url.pathname + ask.url.search, world.endpoint);
  next.searchParams.set('limit', String(limit));
  next.searchParams.set('cursor', page.next);
  return jsonAnswer(page.rows, { headers: { link: `<${next.href}>; rel="next"` } });
}

/** Takes JSON (the npm library) and a form (the Python one). */
async function givePaths(ask: Ask, { commit, masked }: Target): Promise<Answer> {
  const body = await ask.body();
  const form = new URLSearchParams(body);
  const wishes = ask.headers['content-type']?.includes('json') ? parseWishes(body) : undefined;
  const paths = wishes ? wishes.paths : form.getAll('paths');
  const expand = wishes ? wishes.expand : ['true', 'True', '1'].includes(form.get('expand') ?? '');
  return jsonAnswer(pathsInfo(commit, paths, { expand, masked }));
}

function parseWishes(body: string): { paths: readonly string[]; expand: boolean } {
  try {
    const value: unknown = JSON.parse(body);
    const { paths, expand } = (typeof value === 'object' && value !== null ? value : {}) as {
      paths?: unknown;
      expand?: unknown;
    };
    const list: readonly unknown[] = Array.isArray(paths) ? paths : [paths];
    return { paths: list.filter((path) => typeof path === 'string'), expand: expand === true };
  } catch {
    return { paths: [], expand: false };
  }
}

function giveXetToken(world: World): Answer {
  const accessToken = `xet_${randomText(world.random, 64)}`;
  const exp = Math.floor(world.now() / 1000) + 3600;
  // No reconstruction service runs here: clients must be content with plain downloads (Hub facts 1.7).
  const casUrl = `${world.cdnEndpoint}/cas`;
  const headers = { 'x-xet-access-token': accessToken, 'x-xet-token-expiration': String(exp), 'x-xet-cas-url': casUrl };
  return jsonAnswer({ accessToken, exp, casUrl }, { headers });
}

function searchModels(ask: Ask, world: World): Answer {
  const query = ask.url.searchParams;
  const words = (query.get('search') ?? '').toLowerCase();
  const author = query.get('author');
  const limit = Number(query.get('limit') ?? 100);
  const rows = world.repositories
    .filter(({ spec }) => !spec.private && spec.id.toLowerCase().includes(words))
    .filter(({ owner }) => author === null || owner === author)
    .slice(0, Number.isInteger(limit) && limit > 0 ? limit : 100);
  return jsonAnswer(rows.map(listRow));
}

/** Leaked tokens are reported here; the answer never tells whether one was real (Hub facts 2.1). */
async function revokeCredentials(ask: Ask, world: World): Promise<Answer> {
  const texts = (await ask.body()).match(/hf_[A-Za-z0-9]+/g) ?? [];
  for (const text of texts) world.tokens.remove(text);
  return jsonAnswer({}, { status: 202 });
}
