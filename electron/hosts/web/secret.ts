import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits, new for every start; the page gets it in the fragment of its address, which no server and no log sees. */
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
