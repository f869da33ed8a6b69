/** Each screen and state there is: whoever hears it, enlarges it, or reads it in a longer language is as well off as anybody. */
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
    const { violations } = await axe.run({ ...run, resultTypes: ['violations'], preload: false });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160) ?? ''}`);
  }, rules);
}

/** The window is this wide now, in CSS pixels, and everything has found its place. */
async function resize(width: number): Promise<void> {
  await page.setViewportSize({ width, height: 800 });
  // The sidebar leaves or comes back one frame after the window's width has changed.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** What is wrong with the page as it stands: controls without a name or too small, what leaves the window, names twice. */
function wrong() {
  return page.evaluate(() => {
    const shown = (node: Element): boolean => node.checkVisibility({ visibilityProperty: true });
    const text = (node: Element | null): string => node?.textContent.trim() ?? '';
    const begin = (node: Element): string => node.outerHTML.slice(0, 120);
    const nameOf = (node: Element): string => {
      const by = node.getAttribute('aria-labelledby');
      const labels = 'labels' in node ? [...((node as HTMLInputElement).labels ?? [])].map(text).join(' ') : '';
      return (
        node.getAttribute('aria-label') ?? (by === null ? labels || text(node) : text(document.getElementById(by)))
      );
    };
    const controls = [
      ...document.querySelectorAll(
        'button, a, input, textarea, select, summary, progress, meter, [role]:not([role=none])',
      ),
    ].filter(shown);
    const mayScroll = 'pre, [role=group][aria-label=Table], [role=group][aria-label=Formula], .visually-hidden';
    const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
    const tooMany = [...document.querySelectorAll('h1')].filter(shown).slice(1);
    const width = document.documentElement.scrollWidth;
    return {
      nameless: controls.filter((node) => nameOf(node) === '').map(begin),
      small: controls
        .filter((node) => node.matches('button, select, textarea') && node.getBoundingClientRect().height < 24)
        .map(begin),
      clipped: [...document.querySelectorAll('main *')]
        .filter((node) => shown(node) && !node.closest(mayScroll))
        .filter((node) => node.getBoundingClientRect().right > window.innerWidth + 1)
        .slice(0, 3)
        .map(begin),
      wide: width > window.innerWidth ? [`the page is ${width} pixels wide`] : [],
      namedTwice: ids.filter((id, index) => ids.indexOf(id) !== index),
      moreHeadings: tooMany.map(begin),
    };
  });
}
const nothing = { nameless: [], small: [], clipped: [], wide: [], namedTwice: [], moreHeadings: [] };

/**
 * Makes every word of the page two fifths longer, as German is, and answers what then leaves the window or its own box.
 * Names, code and paths stay: no translation makes them longer.
 */
async function tooTight(width: number): Promise<readonly string[]> {
  await resize(width);
  return page.evaluate(() => {
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

test.each(Object.keys(scenes))('%s', async (name) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await show(name);
  // Where there is nothing but a problem, there is nowhere to go.
  const alone = (await page.locator('main.alone').count()) > 0;
  for (const width of [320, 640, 1280]) {
    await resize(width);
    await expect.poll(() => page.locator('aside').count()).toBe(width < 720 || alone ? 0 : 1);
    expect(await wrong()).toEqual(nothing);
  }
  expect(await found()).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  // The other colours are there one frame after the word for them.
  await expect.poll(() => found(['color-contrast']), { timeout: 15_000 }).toEqual([]);
  // Longer words find room.
  expect(await tooTight(1280)).toEqual([]);
  expect(await tooTight(320)).toEqual([]);
});
