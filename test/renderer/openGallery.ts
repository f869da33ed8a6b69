/**
 * The real page in Chromium, under the content policy of both hosts and Trusted Types, in front of the scripted backend
 * of the gallery.
 */
import type { Page } from 'playwright-core';
import type { BackendEvent } from '../../electron/contract/ipc.ts';
import { startBrowser } from '../gallery/browser.ts';
import { serveGallery } from '../gallery/serve.ts';

/** What the gallery's page leaves on its window. */
export interface GalleryWindow {
  readonly gallery: {
    readonly backend: { readonly log: { name: string; input: unknown }[]; tell(event: BackendEvent): void };
    readonly app: {
      readonly thread: { readonly chat: { readonly id: string }; readonly writing?: { readonly id: string } };
    };
  };
}

export interface GalleryPage {
  readonly page: Page;
  /** Opens a scene as a new page. */
  readonly show: (name: string, width?: number) => Promise<void>;
  /** Inputs of the requests of this name so far. */
  readonly sent: (name: string) => Promise<unknown[]>;
  readonly tell: (event: BackendEvent) => Promise<void>;
  /** Streams text into the answer that is being written. */
  readonly stream: (index: number, text: string) => Promise<void>;
  /** Requests that left the page's origin, errors and dialogs since the last call. */
  readonly faults: () => string[];
  readonly close: () => Promise<void>;
}

/** Builds and serves the gallery and opens a browser on it. */
export async function openGallery(): Promise<GalleryPage> {
  const [gallery, browser] = await Promise.all([serveGallery(), startBrowser()]);
  const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const faults: string[] = [];
  let visits = 0;
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(gallery.url) && !url.startsWith('data:,')) faults.push(`request ${url}`);
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('dialog', (dialog) => (faults.push(`dialog ${dialog.message()}`), void dialog.dismiss()));
  return {
    page,
    async show(name, width = 1100) {
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${gallery.url}?${(visits += 1)}#${name}`); // a new query makes a new page
      await page.locator('body[data-ready]').waitFor({ state: 'attached' });
    },
    sent: (name) =>
      page.evaluate((wanted) => {
        const { gallery } = window as unknown as GalleryWindow;
        return gallery.backend.log.filter((one) => one.name === wanted).map((one) => one.input);
      }, name),
    tell: (event) => page.evaluate((one) => (window as unknown as GalleryWindow).gallery.backend.tell(one), event),
    stream: (index, text) =>
      page.evaluate(
        ([at, piece]) => {
          const { app, backend } = (window as unknown as GalleryWindow).gallery;
          const { chat, writing } = app.thread;
          backend.tell({
            type: 'generation.delta',
            chatId: chat.id,
            messageId: writing?.id ?? '',
            index: at,
            text: piece,
          });
        },
        [index, text] as const,
      ),
    faults: () => faults.splice(0),
    async close() {
      await browser.close();
      gallery.close();
    },
  };
}
