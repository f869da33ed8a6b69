import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as a word that every header and shell takes as it is. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether an Authorization header carries the secret. Digests are compared, so that time tells nothing, length included. */
export function carriesSecret(authorization: string | undefined, secret: string): boolean {
  const [scheme, presented, ...rest] = (authorization ?? '').split(' ');
  const same = timingSafeEqual(digest(presented ?? ''), digest(secret));
  return scheme === 'Bearer' && rest.length === 0 && same;
}
