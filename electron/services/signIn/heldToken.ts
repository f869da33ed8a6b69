import { type AccessToken, createAccessToken } from '../hub/secret.ts';

/** What the keychain holds: a token alone, or the pair that a sign-in through the browser gives. */
export interface HeldToken {
  readonly token: AccessToken;
  readonly refreshToken?: AccessToken;
  readonly expiresAt?: number; // ms since epoch
}

/** One text for the keychain. A token without more stays what it is. */
export function packToken({ token, refreshToken, expiresAt }: HeldToken): string {
  if (!refreshToken && expiresAt === undefined) return token.reveal();
  return JSON.stringify({ token: token.reveal(), refreshToken: refreshToken?.reveal(), expiresAt });
}

/** PURE: the reverse. What is no pair is a token. */
export function unpackToken(secret: string): HeldToken {
  if (!secret.startsWith('{')) return { token: createAccessToken(secret) };
  try {
    const { token, refreshToken, expiresAt } = JSON.parse(secret) as Readonly<Record<string, unknown>>;
    if (typeof token !== 'string') return { token: createAccessToken(secret) };
    return {
      token: createAccessToken(token),
      ...(typeof refreshToken === 'string' && { refreshToken: createAccessToken(refreshToken) }),
      ...(typeof expiresAt === 'number' && { expiresAt }),
    };
  } catch {
    return { token: createAccessToken(secret) };
  }
}
