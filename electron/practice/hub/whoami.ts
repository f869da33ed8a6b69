import { sentences } from './access.ts';
import { type Account, type Caller, internalId, type StoredToken } from './accounts.ts';
import { type Answer, jsonAnswer, refusalAnswer } from './answer.ts';

/** Whose token it is and of what kind (Hub facts 1.3). No token and a dead one get the very same 401. */
export function whoami(caller: Caller, endpoint: string): Answer {
  if (caller.kind !== 'known') return refusalAnswer({ status: 401, sentence: sentences.badCredentials }, { api: true });
  const { account, token } = caller;
  return jsonAnswer({
    type: 'user',
    id: internalId(account.name),
    name: account.name,
    fullname: account.fullname,
    email: account.email,
    emailVerified: true,
    canPay: false,
    billingMode: 'prepaid',
    periodEnd: null,
    isPro: account.isPro,
    avatarUrl: `${endpoint}/avatars/${account.name}.svg`,
    orgs: account.orgs.map((org) => ({
      type: 'org',
      id: internalId(org.name),
      name: org.name,
      fullname: org.fullname,
      email: null,
      canPay: false,
      periodEnd: null,
      avatarUrl: `${endpoint}/avatars/${org.name}.svg`,
      roleInOrg: org.role,
    })),
    auth: authOf(account, token),
  });
}

function authOf(account: Account, token: StoredToken): unknown {
  const expiresAt = token.expiresAt === undefined ? {} : { expiresAt: new Date(token.expiresAt).toISOString() };
  // A login token from the device flow has no accessToken object: clients must cope (Hub facts 1.3).
  if (token.kind === 'oauth') return { type: 'oauth', ...expiresAt };
  return {
    type: 'access_token',
    ...expiresAt,
    accessToken: {
      displayName: token.name,
      role: token.kind,
      createdAt: new Date(token.createdAt).toISOString(),
      ...(token.kind === 'fineGrained' && { fineGrained: fineGrainedOf(account, token) }),
    },
  };
}

function fineGrainedOf(account: Account, token: StoredToken): unknown {
  const own = { entity: { _id: internalId(account.name), type: 'user', name: account.name }, permissions: [] };
  const scoped = token.scopes.map(({ entity, permissions }) => ({
    entity: { _id: internalId(entity.name), type: entity.type, name: entity.name },
    permissions,
  }));
  return { canReadGatedRepos: token.gated, global: [], scoped: scoped.length > 0 ? scoped : [own] };
}
