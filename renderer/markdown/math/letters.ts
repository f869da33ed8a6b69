import { leaf, type MathNode } from './tree.ts';

/** How the letters of a group look. */
export type LetterStyle = 'upright' | 'bold' | 'double' | 'script' | 'fraktur' | 'plain' | 'mono';

/** The commands that choose one. */
export const letterStyles: ReadonlyMap<string, LetterStyle> = new Map([
  ['mathrm', 'upright'],
  ['mathup', 'upright'],
  ['rm', 'upright'],
  ['mathbf', 'bold'],
  ['boldsymbol', 'bold'],
  ['bm', 'bold'],
  ['symbf', 'bold'],
  ['mathbb', 'double'],
  ['mathcal', 'script'],
  ['mathscr', 'script'],
  ['mathfrak', 'fraktur'],
  ['mathsf', 'plain'],
  ['mathtt', 'mono'],
  ['mathit', 'upright'],
]);

/** First capital and first small letter of each alphabet among Unicode's mathematical letters. */
const alphabets = {
  double: [0x1d538, 0x1d552],
  script: [0x1d49c, 0x1d4b6],
  fraktur: [0x1d504, 0x1d51e],
} as const;

/** Letters that Unicode had before those alphabets; their places in them are empty. */
const older = new Map(
  Object.entries({
    double: 'Cℂ Hℍ Nℕ Pℙ Qℚ Rℝ Zℤ',
    script: 'Bℬ Eℰ Fℱ Hℋ Iℐ Lℒ Mℳ Rℛ eℯ gℊ oℴ',
    fraktur: 'Cℭ Hℌ Iℑ Rℜ Zℨ',
  }).flatMap(([style, list]) => list.split(' ').map((pair) => [`${style} ${pair[0] ?? ''}`, pair.slice(1)] as const)),
);

/**
 * One letter (or one word of upright letters) in a style. MathML's own attribute for styles is gone from browsers but
 * for `normal`, so the letter itself changes; bold, plain and mono letters stay themselves and take a class, because few
 * computers have a font with the bold ones.
 */
export function letter(text: string, style: LetterStyle | undefined): MathNode {
  if (style === undefined) return leaf('mi', text);
  if (style === 'upright') return leaf('mi', text, { mathvariant: 'normal' });
  if (style === 'bold' || style === 'plain' || style === 'mono')
    return leaf('mi', text, { mathvariant: 'normal', class: style });
  return leaf('mi', older.get(`${style} ${text}`) ?? moved(text, style), { mathvariant: 'normal' });
}

function moved(text: string, style: keyof typeof alphabets): string {
  const [capitals, smalls] = alphabets[style];
  const code = text.codePointAt(0) ?? 0;
  if (/^[A-Z]$/.test(text)) return String.fromCodePoint(capitals + code - 0x41);
  return /^[a-z]$/.test(text) ? String.fromCodePoint(smalls + code - 0x61) : text;
}
