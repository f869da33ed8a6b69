/** Pictures of what a person sees, for eyes: as on a desk by day, and as in a narrow window at night. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { root } from '../hosts/launch.ts';

/** screenshots/states/NAME.png and NAME-narrow-dark.png, each as tall as what there is to see. Not where nobody looks. */
export async function takePicture(page: Page, name: string): Promise<void> {
  if (process.env['CI'] === 'true') return;
  const folder = join(root, 'screenshots/states');
  await mkdir(folder, { recursive: true });
  const file = join(folder, name.replaceAll(' ', '-'));
  const before = page.viewportSize() ?? { width: 1280, height: 720 };
  for (const { width, colorScheme, suffix } of [
    { width: 1280, colorScheme: 'light', suffix: '' },
    { width: 320, colorScheme: 'dark', suffix: '-narrow-dark' },
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 720 });
    // The page itself never scrolls: its middle does.
    const hidden = await page.locator('main').evaluate((main) => main.scrollHeight - main.clientHeight);
    await page.setViewportSize({ width, height: 720 + Math.min(hidden, 3000) });
    await page.screenshot({ path: `${file}${suffix}.png` });
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}
