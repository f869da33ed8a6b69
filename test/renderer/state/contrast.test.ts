import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../../renderer/styles/tokens.css', import.meta.url), 'utf8');

function tokens(selector: string): ReadonlyMap<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf('}', start));
  return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]));
}

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

const surfaces = ['ground', 'ground-2', 'ground-3', 'sunken'];
const pairs: readonly (readonly [string, string, number])[] = [
  ...surfaces.map((surface) => ['text', surface, 7] as const),
  ...surfaces.map((surface) => ['text-quiet', surface, 4.5] as const),
  ...surfaces.map((surface) => ['accent', surface, 4.5] as const),
  ...['ground', 'ground-3'].flatMap((surface) =>
    ['refused', 'waiting', 'granted'].map((text) => [text, surface, 4.5] as const),
  ),
  ...['granted', 'waiting', 'refused', 'unknown', 'accent'].map((tone) => [tone, `${tone}-soft`, 4.5] as const),
  ['on-accent', 'accent-fill', 4.5],
  ['on-accent', 'accent-fill-hover', 4.5],
  ...['ground', 'ground-2', 'ground-3'].map((surface) => ['line-strong', surface, 3] as const),
  ['accent-fill', 'sunken', 3],
];

describe.each([':root', ":root[data-theme='dark']"])('%s', (selector) => {
  const theme = tokens(selector);
  test.each(pairs)('%s on %s has a contrast of at least %d', (text, surface, least) => {
    expect(contrast(theme.get(text)!, theme.get(surface)!)).toBeGreaterThanOrEqual(least);
  });
});
