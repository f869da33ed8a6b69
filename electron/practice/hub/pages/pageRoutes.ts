import { sentences } from '../access.ts';
import { findAccount, type TokenKind } from '../accounts.ts';
import { type Answer, redirectAnswer, refusalAnswer } from '../answer.ts';
import type { Repository } from '../repositories.ts';
import { type Ask, findRepository, parseRepositoryPath, type World } from '../world.ts';
import { pageAnswer } from './html.ts';
import { modelPage, requiredFields } from './modelPage.ts';
import {
  devicePage,
  homePage,
  madeTokenPage,
  newTokenPage,
  noticePage,
  requestsPage,
  tokensPage,
} from './settingsPages.ts';

/** Pages for people. The practice account is always signed in; a Bearer token means nothing here, but see ask-access. */
export async function pageRoute(ask: Ask, world: World): Promise<Answer> {
  const account = signedIn(ask);
  const query = ask.url.searchParams;
  if (ask.method === 'POST') return post(ask, world, account);
  switch (ask.url.pathname) {
    case '/':
    case '/models': {
      const visible = world.repositories.filter(({ spec }) => !spec.private);
      const models = visible.map(({ spec }) => ({ id: spec.id, gated: Boolean(spec.gated) }));
      return pageAnswer({ title: 'Practice Hub', account, body: homePage(models, account) });
    }
    case '/settings/tokens':
      return pageAnswer({ title: 'Access tokens', account, body: tokensPage(world.tokens.list(account)) });
    case '/settings/tokens/new': {
      const wishes = {
        kind: query.get('tokenType') ?? 'fineGrained',
        gated: query.get('canReadGatedRepos') === 'true',
      };
      return pageAnswer({ title: 'Create new access token', account, body: newTokenPage(wishes) });
    }
    case '/settings/gated-repos':
      return pageAnswer({ title: 'Gated repositories', account, body: requestsPage(world.requests.list(account)) });
    case '/device': {
      const typed = query.get('user_code') ?? '';
      return pageAnswer({ title: 'Connect an app', account, body: devicePage(world.logins.find(typed), typed) });
    }
    case '/login':
    case '/join':
      return notice('Signed in', account, `The practice account is always signed in. Right now it is ${account}.`);
    default:
      return repositoryPage(ask, world, account);
  }
}

function notice(title: string, account: string, text: string, status = 200): Answer {
  return pageAnswer({ title, account, status, body: noticePage(text) });
}

/** Name of the account whose browser this is; ada unless another was chosen. */
export function signedIn(ask: Ask): string {
  const name = /(?:^|;\s*)practice_account=([a-z]+)/.exec(ask.headers['cookie'] ?? '')?.[1] ?? '';
  return findAccount(name)?.name ?? 'ada';
}

/** Browsers say where a form came from; pages of other sites have no business here. */
function isForeign(ask: Ask, world: World): boolean {
  const origin = ask.headers['origin'];
  const site = ask.headers['sec-fetch-site'];
  return (origin !== undefined && origin !== world.endpoint && origin !== 'null') || site === 'cross-site';
}

async function post(ask: Ask, world: World, account: string): Promise<Answer> {
  if (isForeign(ask, world)) return notice('Refused', account, 'This form came from another site.', 403);
  const form = new URLSearchParams(await ask.body());
  const repo = form.get('repo') ?? '';
  switch (ask.url.pathname) {
    case '/settings/tokens':
      return makeToken(form, world, account);
    case '/settings/tokens/revoke': {
      const ending = form.get('ending') ?? '';
      const token = world.tokens.list(account).find((one) => ending.length === 8 && one.text.endsWith(ending));
      if (token) world.tokens.remove(token.text);
      return redirectAnswer(303, '/settings/tokens');
    }
    case '/settings/gated-repos/cancel':
      if (world.requests.state(repo, account) === 'pending') world.requests.set(repo, account, 'none');
      return redirectAnswer(303, '/settings/gated-repos');
    case '/device':
      return answerDevice(form, world, account);
    case '/practice/account': {
      const name = findAccount(form.get('account') ?? '')?.name ?? account;
      return redirectAnswer(303, '/', { 'set-cookie': `practice_account=${name}; Path=/; SameSite=Lax; HttpOnly` });
    }
    case '/practice/requests':
      return decide(form, world);
    default:
      return askAccess(ask, world, { account, form });
  }
}

function makeToken(form: URLSearchParams, world: World, account: string): Answer {
  const wanted = form.get('tokenType');
  const kind: TokenKind = wanted === 'read' || wanted === 'write' ? wanted : 'fineGrained';
  const token = world.tokens.add({
    account,
    kind,
    name: (form.get('name') ?? '').trim().slice(0, 80) || 'latchkey',
    gated: kind === 'fineGrained' && form.get('canReadGatedRepos') === 'true',
    scopes: [],
    refusedBy: [],
    createdAt: world.now(),
  });
  return pageAnswer({ title: 'Access token created', account, body: madeTokenPage(token) });
}

function answerDevice(form: URLSearchParams, world: World, account: string): Answer {
  const login = world.logins.find(form.get('user_code') ?? '');
  if (!login)
    return pageAnswer({
      title: 'Connect an app',
      account,
      status: 404,
      body: devicePage(undefined, form.get('user_code') ?? ''),
    });
  const yes = form.get('answer') === 'yes';
  login.verdict = yes ? { account } : 'denied';
  return notice(yes ? 'Connected' : 'Declined', account, 'You can close this page and go back to the app.');
}

function decide(form: URLSearchParams, world: World): Answer {
  const found = findRepository(world, form.get('repo') ?? '');
  const account = findAccount(form.get('account') ?? '');
  const state = (['granted', 'rejected', 'reset', 'pending', 'none'] as const).find((one) => one === form.get('state'));
  if (found.kind !== 'here' || !account || !state) return redirectAnswer(303, '/');
  world.requests.set(found.repository.spec.id, account.name, state);
  return redirectAnswer(303, `/${found.repository.spec.id}`);
}

/** The licence form. With a Bearer token it speaks for that token's account, as the real one does (Hub facts 1.1). */
async function askAccess(
  ask: Ask,
  world: World,
  { account, form }: { account: string; form: URLSearchParams },
): Promise<Answer> {
  const parsed = parseRepositoryPath(ask.url.pathname.slice(1), ['ask-access']);
  const found = parsed?.action === 'ask-access' ? findRepository(world, parsed.id) : undefined;
  if (found?.kind !== 'here') return refusalAnswer({ status: 404, sentence: sentences.repoNotFound }, { api: false });
  const { spec } = found.repository;
  if (!spec.gated)
    return refusalAnswer(
      { status: 400, code: 'RepoNotGated', sentence: 'This repository is not gated' },
      { api: false },
    );
  if (ask.caller.kind === 'dead')
    return refusalAnswer({ status: 401, sentence: world.habits.deadTokenSentence }, { api: false });
  const bearer = ask.caller.kind === 'known' ? ask.caller.account.name : undefined;
  const missing = requiredFields(found.repository).filter((name) => (form.get(name) ?? '').trim() === '');
  if (bearer === undefined && missing.length > 0) {
    return pageAnswer({
      title: spec.id,
      account,
      status: 400,
      body: modelPage(await viewOf(found.repository, world, { account, missing })),
    });
  }
  world.requests.ask(spec.id, bearer ?? account, spec.gated);
  return redirectAnswer(303, `/${spec.id}`);
}

async function repositoryPage(ask: Ask, world: World, account: string): Promise<Answer> {
  const parsed = parseRepositoryPath(ask.url.pathname.slice(1), ['tree', 'discussions']);
  const found = parsed ? findRepository(world, parsed.id) : undefined;
  if (found?.kind === 'moved') return redirectAnswer(307, `/${found.to}${parsed?.tail ?? ''}`);
  if (found?.kind !== 'here' || !maySee(found.repository, account)) {
    return notice('404', account, "Sorry, we can't find the page you are looking for.", 404);
  }
  const body = modelPage(await viewOf(found.repository, world, { account, missing: [] }));
  return pageAnswer({ title: found.repository.spec.id, account, body });
}

function isAuthor(repository: Repository, account: string): boolean {
  return findAccount(account)?.orgs.some((org) => org.name === repository.owner) ?? false;
}

function maySee(repository: Repository, account: string): boolean {
  return !repository.spec.private || isAuthor(repository, account);
}

async function viewOf(
  repository: Repository,
  world: World,
  { account, missing }: { account: string; missing: readonly string[] },
): Promise<Parameters<typeof modelPage>[0]> {
  const commit = await repository.at('main');
  return {
    repository,
    account,
    missing,
    state: world.requests.state(repository.spec.id, account),
    author: isAuthor(repository, account),
    approvalSeconds: world.requests.approvalSeconds,
    files: [...(commit?.files.values() ?? [])],
  };
}
