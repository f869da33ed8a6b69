import type { DownloadPlan } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import { keepTree } from '../download/cache.ts';
import { download, type DownloadOptions } from '../download/download.ts';
import type { HubClient } from '../hub/request.ts';
import type { AccessToken } from '../hub/secret.ts';
import { listTree } from '../hub/tree.ts';

/**
 * Fetches the official files into the cache that Python shares. The whole file list goes there first: by it, Python knows
 * without a network which files of the commit are not here. The list only serves others: without it the download goes on.
 */
export async function fetchModel(
  plan: DownloadPlan,
  options: DownloadOptions & { readonly hub: HubClient; readonly token: AccessToken | undefined },
): Promise<Result<{ readonly snapshotFolder: string }>> {
  const { hub, token, ...transfer } = options;
  const { repo, commit } = plan;
  try {
    const kept = await keepTree({ hubCache: options.hubCache, repo, commit, links: options.links }, async () => {
      const listed = await listTree(hub, { repo, commit, token }, { signal: options.signal });
      return listed.ok ? listed.value : undefined;
    });
    options.log({ area: 'download', event: 'file-list', repo, kept });
  } catch (error) {
    options.log({ area: 'download', event: 'file-list-failed', repo, cause: String(error) });
  }
  return download(plan, transfer);
}
