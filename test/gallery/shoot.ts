/**
 * Screenshots of every scene: `node test/gallery/shoot.ts [part of a scene's name] [widths] [themes] [height]`, into screenshots/.
 * For eyes, not for comparison by machine.
 */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startBrowser } from './browser.ts';
import { scenes } from './scenes.ts';
import { serveGallery } from './serve.ts';

const [part = '', widths = '320,720,1280', themes = 'light,dark', tall = ''] = process.argv.slice(2);
const names = Object.keys(scenes).filter(
  (name) =>
    part === '' ||
    part.split(',').some((one) => name === one || (one.endsWith('*') && name.startsWith(one.slice(0, -1)))),
);
const out = fileURLToPath(new URL('../../screenshots/', import.meta.url));
await mkdir(out, { recursive: true });
const gallery = await serveGallery();
const browser = await startBrowser();
try {
  for (const theme of themes.split(',')) {
    const context = await browser.newContext({
      colorScheme: theme === 'dark' ? 'dark' : 'light',
      forcedColors: theme === 'forced' ? 'active' : 'none',
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
    page.on('pageerror', (error) => console.error(error));
    for (const name of names) {
      for (const width of widths.split(',').map(Number)) {
        await page.setViewportSize({ width, height: Number(tall) || (width < 700 ? 720 : width > 2000 ? 1300 : 860) });
        await page.goto('about:blank');
        await page.goto(`${gallery.url}#${name}`);
        await page.locator('body[data-ready]').waitFor({ state: 'attached' });
        await page.waitForTimeout(120);
        await page.screenshot({ path: `${out}${name}-${width}-${theme}.png` });
      }
    }
    await context.close();
  }
  console.log(`${names.length} scenes in ${out}`);
} finally {
  await browser.close();
  gallery.close();
}
