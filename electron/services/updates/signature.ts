import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

/** What a release says of itself, as far as it is signed: a version, and its files by hash. */
export interface Release {
  readonly version: string;
  readonly files: readonly { readonly url: string; readonly sha512: string; readonly size?: number }[];
  readonly releaseNotes?: unknown;
}

/** The signed bytes: one spelling for one release, whatever order its file was written in. */
function signedText({ version, files, releaseNotes }: Release): Buffer {
  const sorted = files
    .map(({ url, sha512, size }) => [url, sha512, size ?? null] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const notes = typeof releaseNotes === 'string' ? releaseNotes : null;
  return Buffer.from(JSON.stringify(['latchkey release', version, sorted, notes]), 'utf8');
}

/** Ed25519 signature (RFC 8032) of a release, base64. `privateKey` is PKCS#8 PEM. Throws when it is anything else. */
export function signRelease(release: Release, privateKey: string): string {
  return sign(null, signedText(release), createPrivateKey(privateKey)).toString('base64');
}

/** True when the holder of the key belonging to `publicKey` (SPKI PEM) signed exactly this release. Never throws. */
export function isSigned(release: Release, signature: unknown, publicKey: string): boolean {
  if (typeof signature !== 'string') return false;
  try {
    const key = createPublicKey(publicKey);
    return (
      key.asymmetricKeyType === 'ed25519' && verify(null, signedText(release), key, Buffer.from(signature, 'base64'))
    );
  } catch {
    return false;
  }
}
