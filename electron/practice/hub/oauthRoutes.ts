import { findAccount, internalId } from './accounts.ts';
import { type Answer, jsonAnswer } from './answer.ts';
import { randomText } from './random.ts';
import type { Ask, World } from './world.ts';

const tokenSeconds = 28_800;
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Sign-in through the browser with a code (Hub facts 2.3); undefined = not one of these routes. */
export async function oauthRoute(ask: Ask, world: World): Promise<Answer | undefined> {
  switch (`${ask.method} ${ask.url.pathname}`) {
    case 'GET /.well-known/openid-configuration':
      return jsonAnswer(discovery(world.endpoint));
    case 'GET /oauth/userinfo':
      return userInfo(ask);
    case 'POST /oauth/device':
      return beginDevice(new URLSearchParams(await ask.body()), world);
    case 'POST /oauth/token':
      return giveToken(new URLSearchParams(await ask.body()), world);
    default:
      return undefined;
  }
}

function discovery(endpoint: string): unknown {
  return {
    issuer: endpoint,
    token_endpoint: `${endpoint}/oauth/token`,
    userinfo_endpoint: `${endpoint}/oauth/userinfo`,
    device_authorization_endpoint: `${endpoint}/oauth/device`,
    grant_types_supported: [deviceGrant, 'refresh_token'],
    scopes_supported: ['openid', 'profile', 'email', 'read-repos', 'gated-repos'],
    token_endpoint_auth_methods_supported: ['none'],
  };
}

function oauthError(error: string, description: string): Answer {
  return jsonAnswer({ error, error_description: description }, { status: 400 });
}

function beginDevice(form: URLSearchParams, world: World): Answer {
  const clientId = form.get('client_id') ?? '';
  if (clientId === '') return oauthError('invalid_client', 'client_id is missing.');
  const scopes = (form.get('scope') ?? 'openid profile').split(' ').filter((scope) => scope !== '');
  const login = world.logins.begin(clientId, scopes);
  return jsonAnswer({
    device_code: login.deviceCode,
    user_code: login.userCode,
    verification_uri: `${world.endpoint}/device`,
    verification_uri_complete: `${world.endpoint}/device?user_code=${login.userCode}`,
    expires_in: Math.round((login.expiresAt - world.now()) / 1000),
    interval: login.interval,
  });
}

function giveToken(form: URLSearchParams, world: World): Answer {
  const clientId = form.get('client_id') ?? '';
  const kind = form.get('grant_type');
  if (kind === deviceGrant) {
    const answer = world.logins.poll(form.get('device_code') ?? '', clientId);
    return answer.kind === 'error'
      ? oauthError(answer.error, answer.description)
      : freshToken({ ...answer, clientId }, world);
  }
  if (kind !== 'refresh_token') return oauthError('unsupported_grant_type', 'Only the device code and refresh grants.');
  const grant = world.logins.redeem(form.get('refresh_token') ?? '', clientId);
  return grant ? freshToken(grant, world) : oauthError('invalid_grant', 'The refresh token is not known.');
}

function freshToken(grant: { account: string; clientId: string; scopes: readonly string[] }, world: World): Answer {
  const { account, clientId, scopes } = grant;
  // The real ones are long signed texts; clients must not count on 37 characters.
  const token = world.tokens.add({
    text: `hf_oauth_${randomText(world.random, 40)}.${randomText(world.random, 160)}.${randomText(world.random, 43)}`,
    account,
    kind: 'oauth',
    name: `oauth-${account}`,
    gated: scopes.includes('gated-repos'),
    scopes: [],
    refusedBy: [],
    createdAt: world.now(),
    expiresAt: world.now() + tokenSeconds * 1000,
  });
  return jsonAnswer({
    access_token: token.text,
    token_type: 'bearer',
    expires_in: tokenSeconds,
    refresh_token: world.logins.remember({ account, clientId, scopes }),
    scope: scopes.join(' '),
  });
}

function userInfo(ask: Ask): Answer {
  const account = ask.caller.kind === 'known' ? findAccount(ask.caller.account.name) : undefined;
  if (!account) return jsonAnswer({ error: 'invalid_token' }, { status: 401 });
  return jsonAnswer({
    sub: internalId(account.name),
    name: account.fullname,
    preferred_username: account.name,
    isPro: account.isPro,
    orgs: account.orgs.map((org) => ({ sub: internalId(org.name), name: org.fullname, preferred_username: org.name })),
  });
}
