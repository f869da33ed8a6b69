import { createHash } from 'node:crypto';
import type { LicenceText } from '../../contract/licence.ts';
import { ok, type Result } from '../../contract/result.ts';
import { readPublicFile } from '../hub/files.ts';
import { modelInfo } from '../hub/modelInfo.ts';
import type { HubClient } from '../hub/request.ts';
import type { AccessToken } from '../hub/secret.ts';

/** Files that the Hub serves to everybody, also on gated repositories (hub facts 0.7), best first. */
const licenceFiles = ['LICENSE.txt', 'LICENSE', 'LICENSE.md', 'README.md'] as const;

/** 1 MB: the longest licence in use is 20 kB; anything larger is not a text for reading. */
const largest = 2 ** 20;

/** The licence text of a repository as anybody may read it, before any access is asked for. */
export async function readLicence(
  hub: HubClient,
  repo: string,
  token: AccessToken | undefined,
): Promise<Result<LicenceText>> {
  const signal = AbortSignal.timeout(30_000);
  const card = await modelInfo(hub, { repo, ...(token && { token }) }, { signal });
  if (!card.ok) return card;
  const file = licenceFiles.find((name) => card.value.files.includes(name)) ?? 'README.md';
  const at = { repo: card.value.repo, commit: card.value.commit, path: file, maxBytes: largest };
  const text = await readPublicFile(hub, at, { signal });
  if (!text.ok) return text;
  return ok({
    repo: card.value.repo,
    file,
    text: text.value,
    sha256: createHash('sha256').update(text.value).digest('hex'),
  });
}
