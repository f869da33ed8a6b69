import type { Account } from '../../contract/setup.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { member, misshapen, succeeded, words } from './ask.ts';
import { type Asked, explain } from './explain.ts';
import type { HubClient, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';

/** Whose token it is; where it is stored is the caller's knowledge. */
export type AccountFacts = Omit<Account, 'home'>;

/**
 * Asks the Hub whose token this is. Strictly rate-limited there: the caller keeps the answer per token and never asks
 * in a loop. Fails with token-not-accepted on 401, else with the network's or the Hub's own reason.
 */
export async function whoAmI(
  hub: HubClient,
  token: AccessToken,
  options: SendOptions = {},
): Promise<Result<AccountFacts>> {
  const asked: Asked = { endpoint: hub.endpoint, token: 'unchecked', about: 'whoami' };
  const answer = await hub.send({ method: 'GET', path: '/api/whoami-v2', token }, options);
  if (!succeeded(answer)) return failed(explain(answer, asked));
  const facts = readAccount(answer.json(), { token, now: hub.now() });
  return facts ? ok(facts) : misshapen(answer, asked);
}

/** PURE: reads whoami's JSON. Tolerates missing and new fields; only the name is indispensable (Hub facts 1.3). */
export function readAccount(
  json: unknown,
  { token, now }: { readonly token: AccessToken; readonly now: number },
): AccountFacts | undefined {
  const name = words(json, 'name');
  if (name === undefined) return undefined;
  const fullName = words(json, 'fullname');
  const described = member(member(json, 'auth'), 'accessToken');
  const fineGrained = member(described, 'fineGrained');
  const tokenName = words(described, 'displayName');
  const readsGated = member(fineGrained, 'canReadGatedRepos');
  return {
    name,
    ...(fullName === undefined ? {} : { fullName }),
    kind: kindOf(words(described, 'role'), token),
    ...(tokenName === undefined ? {} : { tokenName }),
    ...(typeof readsGated === 'boolean' ? { readsGated } : {}),
    scopes: scopesOf(fineGrained),
    ending: token.ending,
    checkedAt: now,
  };
}

function kindOf(role: string | undefined, token: AccessToken): Account['kind'] {
  if (role === 'read' || role === 'write') return role;
  if (role === 'fineGrained') return 'fine-grained';
  // OAuth answers carry no accessToken object; the official client goes by the name of the token too.
  return role === undefined && token.reveal().startsWith('hf_oauth') ? 'oauth' : 'other';
}

/** Every permission of a fine-grained token once; scoped ones with the name they hold for, "repo.content.read @ meta-llama". */
function scopesOf(fineGrained: unknown): readonly string[] {
  const global = strings(member(fineGrained, 'global'));
  const scoped = member(fineGrained, 'scoped');
  const local = (Array.isArray(scoped) ? scoped : []).flatMap((scope: unknown) => {
    const place = words(member(scope, 'entity'), 'name');
    return strings(member(scope, 'permissions')).map((one) => (place === undefined ? one : `${one} @ ${place}`));
  });
  return [...new Set([...global, ...local])];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one: unknown) => typeof one === 'string') : [];
}
