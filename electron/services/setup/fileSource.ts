import { failed, ok } from '../../contract/result.ts';
import type { DownloadPlan } from '../../contract/model.ts';
import type { FileSource } from '../download/fileTask.ts';
import { explainLost, resolveFile } from '../hub/files.ts';
import type { HubClient } from '../hub/request.ts';
import type { AccessToken } from '../hub/secret.ts';
import type { HttpPort } from '../ports.ts';

/**
 * Lends the Hub to the downloader: where a planned file's bytes are right now, and whether the token may go there. The
 * token rides along only to the Hub's own origin, never to the CDN.
 */
export function fileSource(options: {
  readonly hub: HubClient;
  readonly http: HttpPort;
  readonly token: () => AccessToken | undefined;
}): (plan: DownloadPlan) => FileSource {
  return (plan) => ({
    http: options.http,
    async resolve(path, { signal }) {
      const token = options.token();
      const found = await resolveFile(
        options.hub,
        { repo: plan.repo, commit: plan.commit, path, ...(token && { token }) },
        { signal },
      );
      if (!found.ok) return failed(explainLost(found.problem, plan.repo));
      const { url, crossOrigin, bytes, etag } = found.value;
      const headers: Record<string, string> =
        token && !crossOrigin ? { authorization: `Bearer ${token.reveal()}` } : {};
      return ok({ url, headers, bytes, etag });
    },
  });
}
