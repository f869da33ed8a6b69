import { randomText, type RandomBytes } from './random.ts';

/** A sign-in that waits for the person to type its code on a page (RFC 8628). */
export interface DeviceLogin {
  readonly deviceCode: string;
  /** "ABCD-EFGH" */
  readonly userCode: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number;
  verdict: 'waiting' | 'denied' | { readonly account: string };
  interval: number;
  lastPoll: number;
}

export type PollAnswer =
  | { readonly kind: 'granted'; readonly account: string; readonly scopes: readonly string[] }
  | { readonly kind: 'error'; readonly error: string; readonly description: string };

export interface DeviceLogins {
  begin(clientId: string, scopes: readonly string[]): DeviceLogin;
  /** The client asks whether the person is done. */
  poll(deviceCode: string, clientId: string): PollAnswer;
  /** The login that shows this code, if it still waits. Case, spaces and the dash do not matter. */
  find(userCode: string): DeviceLogin | undefined;
  /** A new refresh token for this grant. */
  remember(grant: RefreshGrant): string;
  /** Takes a refresh token back; each works once. */
  redeem(refreshToken: string, clientId: string): RefreshGrant | undefined;
}

export interface RefreshGrant {
  readonly account: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

const lifeSeconds = 900;
const letters = /[^A-Z0-9]/g;

/** Keeps the sign-ins under way; they do not outlive the process, as the real ones hardly outlive a coffee. */
export function createDeviceLogins({ now, random }: { now: () => number; random: RandomBytes }): DeviceLogins {
  const logins: DeviceLogin[] = [];
  const refreshTokens = new Map<string, RefreshGrant>();
  const error = (name: string, description: string): PollAnswer => ({ kind: 'error', error: name, description });

  return {
    begin(clientId, scopes) {
      const code = randomText(random, 8).toUpperCase();
      const login: DeviceLogin = {
        deviceCode: randomText(random, 40),
        userCode: `${code.slice(0, 4)}-${code.slice(4)}`,
        clientId,
        scopes,
        expiresAt: now() + lifeSeconds * 1000,
        verdict: 'waiting',
        interval: 5,
        lastPoll: -Infinity,
      };
      logins.push(login);
      return login;
    },
    find(userCode) {
      const plain = userCode.toUpperCase().replace(letters, '');
      return logins.find(
        (login) =>
          login.userCode.replace(letters, '') === plain && login.verdict === 'waiting' && now() < login.expiresAt,
      );
    },
    poll(deviceCode, clientId) {
      const login = logins.find((one) => one.deviceCode === deviceCode);
      if (!login || login.clientId !== clientId) return error('invalid_grant', 'Unknown device code.');
      if (now() >= login.expiresAt) return error('expired_token', 'The code has expired.');
      const early = now() - login.lastPoll < login.interval * 1000;
      login.lastPoll = now();
      if (login.verdict === 'denied') return error('access_denied', 'The person declined.');
      if (login.verdict !== 'waiting') {
        logins.splice(logins.indexOf(login), 1);
        return { kind: 'granted', account: login.verdict.account, scopes: login.scopes };
      }
      if (!early) return error('authorization_pending', 'The person has not answered yet.');
      login.interval += 5;
      return error('slow_down', 'Asked again too soon.');
    },
    remember(grant) {
      const token = `hf_refresh_${randomText(random, 48)}`;
      refreshTokens.set(token, grant);
      return token;
    },
    redeem(refreshToken, clientId) {
      const grant = refreshTokens.get(refreshToken);
      if (!grant || grant.clientId !== clientId) return undefined;
      refreshTokens.delete(refreshToken);
      return grant;
    },
  };
}
