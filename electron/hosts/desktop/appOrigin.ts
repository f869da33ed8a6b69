/** The scheme and host of our own page on the desktop. A scheme of ours instead of file:// gives the page an origin. */
export const appScheme = 'app';
export const appOrigin = `${appScheme}://latchkey`;

/** Whether a URL is a page of ours. Nothing else counts: not an empty URL, not about:blank. */
export function isOurPage(url: string): boolean {
  return url.startsWith(`${appOrigin}/`);
}
