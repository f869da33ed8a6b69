import { repoPattern } from '../../contract/ipc.ts';

/** The scheme of links that other programs and pages may hold: latchkey://model/owner/name, and nothing else. */
export const linkScheme = 'latchkey';

const longestLink = 300;

/**
 * The model that a link names, or undefined for whatever is not exactly such a link. A link comes from anywhere, so it can
 * only ask: the page shows the name and the person decides.
 */
export function repoOfLink(link: string): string | undefined {
  const prefix = `${linkScheme}://model/`;
  if (link.length > longestLink || !link.toLowerCase().startsWith(prefix)) return undefined;
  const repo = link.slice(prefix.length).replace(/\/$/, '');
  return repoPattern.test(repo) && !repo.includes('..') ? repo : undefined;
}
