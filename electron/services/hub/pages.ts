import { repoPattern } from '../../contract/ipc.ts';
import type { PageName } from '../../contract/problem.ts';
import { isMirror, realHub } from './mirror.ts';

/** Where each page lives on a Hub; Hub facts 1.1, 2.1 and 2.3. */
const places: { readonly [P in Exclude<PageName, 'licence' | 'model'>]: string } = {
  // Opens the form for a fine-grained token with the one box ticked that most people miss.
  'new-token': '/settings/tokens/new?canReadGatedRepos=true&tokenType=fineGrained',
  tokens: '/settings/tokens',
  requests: '/settings/gated-repos',
  'sign-up': '/join',
  status: '/status',
  'device-sign-in': '/device',
};

/**
 * The address of a page by its name. A repository that is missing or no valid id leads to the Hub's front page, so a
 * made-up id can never form another address. A mirror only hands out files: accounts, licences and tokens stay where
 * they are.
 */
export function pageUrl(endpoint: string, page: PageName, repo?: string): URL {
  const base = isMirror(endpoint) ? realHub : endpoint.replace(/\/+$/, '');
  if (page === 'licence' || page === 'model') {
    return new URL(repo !== undefined && repoPattern.test(repo) ? `${base}/${repo}` : `${base}/`);
  }
  // The status page of the real Hub lives apart, so that it stays up when the Hub is down.
  if (page === 'status' && new URL(base).hostname === 'huggingface.co')
    return new URL('https://status.huggingface.co/');
  return new URL(base + places[page]);
}
