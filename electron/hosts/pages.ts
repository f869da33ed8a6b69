/**
 * The one gate before a URL leaves for the person's browser. The services name pages, so what arrives is an https page or,
 * in practice, a page of the practice Hub; everything else is our bug or an attack and is not opened.
 */
export function openablePage(url: string, practiceHub?: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const page = new URL(url);
  if (page.username || page.password) return undefined;
  if (page.protocol === 'https:') return page.href;
  const practice = practiceHub !== undefined && page.origin === new URL(practiceHub).origin;
  return practice && page.protocol === 'http:' && page.hostname === '127.0.0.1' ? page.href : undefined;
}
