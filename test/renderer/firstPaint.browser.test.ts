/** What a window shows before the program of the page is there: the built page, under the content policy of the hosts. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guardHeaders } from '../../electron/hosts/contentPolicy.ts';
import { readStaticFile } from '../../electron/hosts/staticFiles.ts';
import { startBrowser } from '../gallery/browser.ts';
import { ensureBuilt, root } from '../hosts/launch.ts';

let browser: Browser;
let server: Server;
let address: string;
/** Paths asked for, and how many bytes each had. */
const served = new Map<string, number>();
/** Set while the program is held back. */
let held: Promise<void> | undefined;

beforeAll(async () => {
  await ensureBuilt();
  browser = await startBrowser();
  server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/';
      if (path.includes('/program-')) await held;
      const file = await readStaticFile(join(root, 'dist/renderer'), path);
      if (!file) return void response.writeHead(404).end();
      served.set(path, file.body.length);
      response.writeHead(200, { ...guardHeaders, 'content-type': file.type }).end(file.body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  address = `http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}/`;
}, 120_000);

afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

test.each([
  ['light', undefined, 'rgb(124, 84, 0)'],
  ['dark', undefined, 'rgb(227, 182, 95)'],
  ['light', 'dark', 'rgb(227, 182, 95)'],
  ['dark', 'light', 'rgb(124, 84, 0)'],
] as const)('is the mark, in a %s system and with the choice %s', async (system, chosen, ink) => {
  const context = await browser.newContext({ colorScheme: system });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  if (chosen) await context.addInitScript((theme) => localStorage.setItem('latchkey.theme', theme), chosen);
  const release = Promise.withResolvers<void>();
  held = release.promise;
  served.clear();
  await page.goto(address, { waitUntil: 'load' });
  const mark = page.locator('main.opening svg');
  expect(await mark.boundingBox()).toMatchObject({ width: 40, height: 40 });
  expect(await mark.evaluate((svg) => getComputedStyle(svg).stroke)).toBe(ink);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(chosen ?? system);
  const before = [...served.entries()].filter(([path]) => !path.endsWith('.svg'));
  expect(before.map(([path]) => path.replace(/-.*\./, '.')).toSorted()).toEqual([
    '/',
    '/assets/index.css',
    '/assets/index.js',
  ]);
  expect(before.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(12_000);
  // The program takes the place of the mark.
  release.resolve();
  await mark.waitFor({ state: 'detached' });
  expect(problems.filter((words) => !/401|404|Failed to load resource/.test(words))).toEqual([]);
  await context.close();
});
