import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, type CDPSession, chromium, type Page, type Route } from 'playwright-core';
import { findChromium } from '../../build/chromium.js';
import { app, atEnd } from './app.ts';
import { cancellable } from './cancellable.ts';
import { records } from './records.ts';
import { handlerOf, realUrl } from './schemes.ts';
import { session } from './session.ts';
import type { WebContents } from './webContents.ts';

/** Electron's names of permissions, and the browser's. */
const permissions: readonly (readonly [electron: string, browser: string])[] = [
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'microphone'],
  ['media', 'camera'],
  ['midi', 'midi'],
  ['idle-detection', 'idle-detection'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
];

/** Pages by the browser's page, in order of opening. */
const shown = new Map<Page, WebContents>();
let context: BrowserContext | undefined;

/** Starts the real browser behind the stand-in, headless, with no way to the network. */
export async function startBrowser(): Promise<void> {
  const driven = process.env['STANDIN_DRIVEN'] === '1';
  const profile = join(app.getPath('sessionData'), 'chromium');
  const portFile = join(profile, 'DevToolsActivePort');
  await rm(portFile, { force: true }); // of an earlier start
  context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium() ?? chromium.executablePath(),
    headless: true,
    viewport: null,
    serviceWorkers: 'block',
    args: [
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--no-proxy-server',
      '--metrics-recording-only',
      '--disable-features=OptimizationHints,MediaRouter,Translate',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      // The browser takes a port that is free: one that we found free could be taken before it listens.
      ...(driven ? ['--remote-debugging-port=0'] : []),
    ],
  });
  context.setDefaultTimeout(15_000);
  await context.route('**/*', carry);
  atEnd(() => context?.close().catch(() => undefined));
  if (driven) records.debugPort = await readPort(portFile);
}

/** The port, as the browser writes it down when it listens: on the first line. */
async function readPort(path: string): Promise<number> {
  for (;;) {
    const port = /^(\d+)\n/.exec(await readFile(path, 'utf8').catch(() => ''))?.[1];
    if (port !== undefined) return Number(port);
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

/** Opens a page for a window. */
export async function openPage(contents: WebContents): Promise<{ readonly page: Page; readonly cdp: CDPSession }> {
  if (!context) throw new Error('The stand-in has no browser yet.');
  const page =
    context.pages().find((other) => other.url() === 'about:blank' && !shown.has(other)) ?? (await context.newPage());
  shown.set(page, contents);
  page.on('close', () => shown.delete(page));
  // Child windows are not built here; the app's handler has already seen the URL.
  page.on('popup', (popup) => void popup.close().catch(() => undefined));
  const cdp = await context.newCDPSession(page);
  return { page, cdp };
}

/** Gives the page that is now shown what the app's permission handler says, as if it had asked for each. */
export async function setPermissions(contents: WebContents, cdp: CDPSession): Promise<void> {
  for (const [electron, browser] of permissions) {
    const setting = (await session.defaultSession.grants(contents, electron)) ? 'granted' : 'denied';
    await cdp.send('Browser.setPermission', { permission: { name: browser }, setting });
  }
}

/** The page a request belongs to; undefined while a new page has no frame yet. */
function pageOf(route: Route): Page | undefined {
  try {
    return route.request().frame().page();
  } catch {
    return undefined;
  }
}

async function refuse(route: Route, url: string, reason: string): Promise<void> {
  records.blocked.push(url);
  await route.abort(reason);
}

/** A navigation: of a page that main loads, of a page by itself, or of a new window somebody wants. */
async function navigationAllowed(route: Route, url: string): Promise<boolean> {
  const page = pageOf(route);
  const contents = page && shown.get(page);
  if (!contents) {
    const opener = await page?.opener().catch(() => null);
    const owner = (opener && shown.get(opener)) ?? [...shown.values()][0];
    const verdict = owner?.openHandler?.({ url, disposition: 'new-window' }) ?? { action: 'allow' };
    records.popups.push({ url, action: verdict.action });
    return false;
  }
  if (route.request().frame() !== page.mainFrame() || contents.loading) return true;
  return contents.mayNavigate(url, cancellable({ url }));
}

/** Every request of every page ends here: the app's gates first, then the app's own scheme, then nothing. */
async function carry(route: Route): Promise<void> {
  const request = route.request();
  const url = realUrl(request.url());
  records.requested.push(url);
  if (request.isNavigationRequest() && !(await navigationAllowed(route, url))) return refuse(route, url, 'aborted');
  const details = { url, resourceType: request.resourceType(), method: request.method() };
  if (!(await session.defaultSession.passes(details))) return refuse(route, url, 'blockedbyclient');
  const handler = handlerOf(url.split(':')[0] ?? '');
  if (!handler) {
    // A test may let a page reach this computer, to prove that the app's own gates are what stops it elsewhere.
    return /^https?:\/\/127\.0\.0\.1[:/]/.test(url) ? route.continue() : refuse(route, url, 'internetdisconnected');
  }
  try {
    const body = request.postDataBuffer();
    const response = await handler(
      new Request(url, {
        method: request.method(),
        headers: request.headers(),
        ...(body && { body: new Uint8Array(body) }),
      }),
    );
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  } catch (error) {
    records.pageErrors.push(`protocol handler: ${String(error)}`);
    await route.abort('failed').catch(() => undefined);
  }
}
