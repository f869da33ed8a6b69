/** A link a person may follow: https only, no user name or password that would dress up the host. */
export function safeLink(target: string): { readonly href: string; readonly host: string } | undefined {
  if (target.length > 2000 || !/^https:\/\//i.test(target)) return undefined;
  let url: URL;
  try {
    url = new URL(target);
  } catch {
    return undefined;
  }
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined;
  return { href: url.href, host: url.host };
}
