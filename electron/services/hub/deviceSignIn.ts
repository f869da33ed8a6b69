import { setTimeout as delay } from 'node:timers/promises';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { cancelled } from '../explain.ts';
import { enterToken } from './actions.ts';
import { member, misshapen, succeeded, words } from './ask.ts';
import { type Asked, explain } from './explain.ts';
import type { HubAnswer, HubClient } from './request.ts';
import { type AccessToken, createAccessToken } from './secret.ts';
import { describe } from './words.ts';

/** Reads public gated models the person was granted, and nothing private (Hub facts 2.3). */
export const deviceScope = 'openid profile gated-repos';

/** What the person needs to finish signing in in any browser. */
export interface DeviceCode {
  readonly userCode: string;
  /** The page that asks for the code; `pageWithCode` fills it in. Both on the Hub's own origin. */
  readonly page: string;
  readonly pageWithCode?: string;
  readonly expiresAt: number; // ms since epoch
  readonly intervalSeconds: number;
  /** Proves that it was this app that asked; held like a token. */
  readonly deviceCode: AccessToken;
}

export interface DeviceTokens {
  readonly token: AccessToken;
  readonly refreshToken?: AccessToken;
  readonly expiresAt?: number; // ms since epoch
}

interface Options {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the Hub for a code to be typed in the browser (RFC 8628). `clientId` is the id under which this app is
 * registered with the Hub. Fails with the network's or the Hub's reason.
 */
export async function startDeviceSignIn(
  hub: HubClient,
  { clientId, scope = deviceScope }: { readonly clientId: string; readonly scope?: string },
  { signal }: Options = {},
): Promise<Result<DeviceCode>> {
  const answer = await post(hub, '/oauth/device', { client_id: clientId, scope }, signal);
  const asked = askedBy(hub);
  if (!succeeded(answer)) return failed(explain(answer, asked));
  const json = answer.json();
  const deviceCode = words(json, 'device_code');
  const userCode = words(json, 'user_code');
  const page = ownPage(hub, words(json, 'verification_uri'));
  if (deviceCode === undefined || userCode === undefined || page === undefined) return misshapen(answer, asked);
  const pageWithCode = ownPage(hub, words(json, 'verification_uri_complete'));
  return ok({
    userCode: userCode.slice(0, 40),
    page,
    ...(pageWithCode === undefined ? {} : { pageWithCode }),
    expiresAt: hub.now() + seconds(json, 'expires_in', 900, 3600) * 1000,
    intervalSeconds: seconds(json, 'interval', 5, 60),
    deviceCode: createAccessToken(deviceCode),
  });
}

/**
 * Waits until the person agreed in the browser. Goes on through network trouble and server errors until the code
 * expires; fails with 'no-token' when it was declined or expired.
 */
export async function finishDeviceSignIn(
  hub: HubClient,
  { clientId, code }: { readonly clientId: string; readonly code: DeviceCode },
  { signal }: Options = {},
): Promise<Result<DeviceTokens>> {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code.deviceCode.reveal(),
    client_id: clientId,
  };
  let interval = code.intervalSeconds * 1000;
  let last: HubAnswer | undefined;
  while (hub.now() + interval < code.expiresAt) {
    try {
      await delay(interval, undefined, signal ? { signal } : {});
    } catch {
      return failed(cancelled());
    }
    last = await post(hub, '/oauth/token', form, signal);
    if (last.kind === 'failure') {
      if (last.reason === 'cancelled' || last.reason === 'switched-off') return failed(explain(last, askedBy(hub)));
      continue;
    }
    if (succeeded(last)) {
      const tokens = readTokens(last.json(), hub.now());
      return tokens ? ok(tokens) : misshapen(last, askedBy(hub));
    }
    const error = words(last.json(), 'error');
    if (error === 'slow_down' || last.status === 429)
      interval += 5000; // RFC 8628, section 3.5
    else if (error === 'access_denied') return failed(unfinished('declined'));
    else if (error === 'expired_token' || error === 'invalid_grant') return failed(unfinished('expired'));
    else if (error !== 'authorization_pending' && last.status < 500) return failed(explain(last, askedBy(hub)));
  }
  return failed(last?.kind === 'failure' ? explain(last, askedBy(hub)) : unfinished('expired'));
}

/**
 * Exchanges a refresh token, which works once, for new tokens. Fails with 'token-not-accepted' when the Hub does not know
 * it any more: the person has to sign in again.
 */
export async function refreshTokens(
  hub: HubClient,
  { clientId, refreshToken }: { readonly clientId: string; readonly refreshToken: AccessToken },
  { signal }: Options = {},
): Promise<Result<DeviceTokens>> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken.reveal(), client_id: clientId };
  const answer = await post(hub, '/oauth/token', form, signal);
  if (succeeded(answer)) {
    const tokens = readTokens(answer.json(), hub.now());
    return tokens ? ok(tokens) : misshapen(answer, askedBy(hub));
  }
  const over = answer.kind === 'response' && words(answer.json(), 'error') === 'invalid_grant';
  return failed(
    over ? describe('token-not-accepted', { shade: 'signed-out' }, [answer.evidence]) : explain(answer, askedBy(hub)),
  );
}

/** PURE: the tokens of a token answer; undefined when there is no access token in it. */
export function readTokens(json: unknown, now: number): DeviceTokens | undefined {
  const token = words(json, 'access_token');
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  const refresh = words(json, 'refresh_token');
  const lasts = member(json, 'expires_in');
  return {
    token: createAccessToken(token),
    ...(refresh === undefined ? {} : { refreshToken: createAccessToken(refresh) }),
    ...(typeof lasts === 'number' && lasts > 0 ? { expiresAt: now + lasts * 1000 } : {}),
  };
}

function unfinished(why: 'declined' | 'expired'): Problem {
  return {
    code: 'no-token',
    title: why === 'declined' ? 'The sign-in was declined in the browser' : 'The sign-in code has expired',
    explanation: 'Nothing was stored. A new code can be made at any time.',
    actions: [enterToken('Sign in again')],
    evidence: [],
  };
}

function post(
  hub: HubClient,
  path: string,
  form: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<HubAnswer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  return hub.send({ method: 'POST', path, headers, body: new URLSearchParams(form).toString() }, { signal });
}

/** A code is typed on the Hub's own pages only: another address would be somebody fishing for it. */
function ownPage(hub: HubClient, address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined;
  const page = new URL(address);
  return page.origin === new URL(hub.endpoint).origin && page.username === '' ? page.href : undefined;
}

function seconds(json: unknown, key: string, usual: number, most: number): number {
  const value = member(json, key);
  return typeof value === 'number' && value > 0 ? Math.min(value, most) : usual;
}

function askedBy(hub: HubClient): Asked {
  return { endpoint: hub.endpoint, token: 'none', about: 'whoami' };
}
