/**
 * The one gate before a URL leaves for the person's browser. The services name pages, so what arrives is an https page or
 * a page of a Hub on this computer; everything else is our bug or an attack and is not opened.
 */
export function openablePage(url: string, hubEndpoint?: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const page = new URL(url);
  if (page.username || page.password) return undefined;
  if (page.protocol === 'https:') return page.href;
  const ours = hubEndpoint !== undefined && page.origin === new URL(hubEndpoint).origin;
  return ours && page.protocol === 'http:' && page.hostname === '127.0.0.1' ? page.href : undefined;
}
