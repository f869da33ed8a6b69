const key = 'latchkey.secret';

/** What `takeSecret` needs of the page; a plain object in tests. */
export interface SecretPlace {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  readonly history: Pick<History, 'replaceState'>;
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem'>;
}

/**
 * Takes the launch secret out of the address (a fragment reaches no server log and no Referer), keeps it for this tab
 * and cleans the address, so that neither history nor a shared screenshot holds it.
 */
export function takeSecret(page: SecretPlace): string | undefined {
  const fragment = page.location.hash.slice(1);
  if (/^[\w-]{16,200}$/.test(fragment)) {
    page.sessionStorage.setItem(key, fragment);
    page.history.replaceState(null, '', page.location.pathname + page.location.search);
  }
  return page.sessionStorage.getItem(key) ?? undefined;
}
