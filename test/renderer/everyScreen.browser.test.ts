import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, afterEach, expect, test } from 'vitest';
import { scenes } from '../gallery/scenes.ts';
import { openGallery } from './openGallery.ts';

/** Text that is as long as in German already. */
interface LongWindow {
  lengthened?: WeakSet<Node>;
}

/** What axe leaves on the page it was read into. */
interface AxeWindow {
  readonly axe: {
    run(options: unknown): Promise<{
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
    }>;
  };
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { page, show, faults, close } = await openGallery();
afterAll(close);
afterEach(() => expect(faults()).toEqual([]));

/** What axe finds in the page as it stands: `rule: the first element`. */
async function found(rules?: readonly string[]): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  return page.evaluate(async (only) => {
    const { axe } = window as unknown as AxeWindow;
    const run = only ? { runOnly: { type: 'rule', values: only } } : {};
    const { violations } = await axe.run({ ...run, resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160) ?? ''}`);
  }, rules);
}

/**
 * Makes every word of the page two fifths longer, as German is, and answers what then leaves the window or its own box.
 * Names, code and paths stay: no translation makes them longer.
 */
async function tooTight(width: number): Promise<readonly string[]> {
  await page.setViewportSize({ width, height: 800 });
  return page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const lengthened = ((window as unknown as LongWindow).lengthened ??= new WeakSet());
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (lengthened.has(node) || node.parentElement?.closest('script, style, pre, code, textarea, math')) continue;
      lengthened.add(node);
      node.textContent = (node.textContent ?? '').replace(
        /\p{L}{4,}/gu,
        (word) => word + word.slice(0, Math.ceil(word.length * 0.4)),
      );
    }
    const shown = (node: Element): boolean => node.checkVisibility({ visibilityProperty: true });
    const all = [...document.querySelectorAll('body *')].filter(
      (node) =>
        shown(node) &&
        !node.closest(
          'pre, math, .visually-hidden, .skip, [role=group][aria-label^=Table], [role=group][aria-label^=Formula]',
        ),
    );
    const outside = all.filter((node) => node.getBoundingClientRect().right > window.innerWidth + 1);
    const spilt = all.filter(
      (node) => node.matches('button, a, .chip, dd, dt, label, h1, h2, h3') && node.scrollWidth > node.clientWidth + 1,
    );
    const hides = (node: Element): boolean =>
      [node, ...node.querySelectorAll('*')].some((one) => getComputedStyle(one).textOverflow === 'ellipsis');
    const inline = (node: Element): boolean => getComputedStyle(node).display === 'inline';
    return [...outside, ...spilt.filter((node) => !hides(node) && !inline(node))]
      .slice(0, 3)
      .map((node) => node.outerHTML.slice(0, 160));
  });
}

test.each(Object.keys(scenes))('%s: axe finds nothing, light or dark, and longer words find room', async (name) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await show(name, 1280);
  expect(await found()).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  // The other colours are there one frame after the word for them.
  await expect.poll(() => found(['color-contrast']), { timeout: 15_000 }).toEqual([]);
  expect(await tooTight(1280)).toEqual([]);
  expect(await tooTight(320)).toEqual([]);
});
